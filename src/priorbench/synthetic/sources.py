"""Data sets that are drawn, not taken: what can be chosen of them. Light: draws nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field, FiniteFloat, ValidationInfo, field_validator

from priorbench.specs import Parameters

__all__ = [
    "DeadLeavesParameters",
    "MiniDeadLeavesParameters",
]


class SyntheticParameters(Parameters):
    """How many images there are, and of which seed."""

    count: int = Field(
        20,
        ge=1,
        le=99999,
        description="Images in the set; a larger set begins with the same images.",
    )
    seed: int = Field(0, description="Another seed, other images.")


class DeadLeavesParameters(SyntheticParameters):
    """What the leaves look like. Lengths are in pixels, brightness is on [0, 1]."""

    height: int = Field(512, ge=1, le=8192)
    width: int = Field(512, ge=1, le=8192)
    alpha: FiniteFloat = Field(
        3.0, ge=0, le=20, description="Radii have a density ∝ r^−alpha; 3 is scale invariant."
    )
    r_min: FiniteFloat = Field(1.0, ge=0.1, description="The smallest radius.")
    r_max: FiniteFloat | None = Field(
        None,
        le=1e6,
        validate_default=True,
        description="The largest radius. Default: the longer side of the image.",
    )
    shapes: Literal["disc", "polygon", "both"] = Field(
        "both",
        description="Polygons have three to six corners on the circle of their radius; "
        "'both' is half and half.",
    )
    colours: Literal["natural", "uniform"] = Field(
        "natural",
        description="Colours of a photograph, another for each image, "
        "or independent and uniform on [0, 1].",
    )
    colour: bool = Field(False, description="Three channels instead of one.")
    texture: FiniteFloat = Field(
        0.0, ge=0, le=1, description="The largest standard deviation of a leaf's texture."
    )
    gradient: FiniteFloat = Field(
        0.0, ge=0, le=1, description="The largest difference of brightness across a leaf."
    )
    blur: FiniteFloat = Field(
        0.0, ge=0, le=32, description="Standard deviation of a Gaussian blur of the image."
    )
    antialias: int = Field(4, ge=1, le=8, description="Samples along each side of a pixel.")

    @field_validator("r_max")
    @classmethod
    def _larger(cls, value: float | None, info: ValidationInfo) -> float | None:
        # A field that is wrong itself is missing here, and has its own error.
        if {"height", "width", "r_min"} <= info.data.keys():
            largest = max(info.data["height"], info.data["width"]) if value is None else value
            if not largest > info.data["r_min"]:
                raise ValueError(
                    f"r_max = {largest:g} must be larger than r_min = {info.data['r_min']:g}"
                )
        return value

    @property
    def largest_radius(self) -> float:
        """The largest radius in pixels."""
        return float(max(self.height, self.width)) if self.r_max is None else self.r_max


class MiniDeadLeavesParameters(SyntheticParameters):
    """What the patches look like. Lengths are in pixels, brightness is on [0, 1]."""

    size: int = Field(64, ge=1, le=1024, description="Patches along each side of an image.")
    patch: int = Field(8, ge=2, le=32, description="Side of a patch.")
    edges: FiniteFloat = Field(
        0.5, ge=0, le=1, description="The probability that a patch is an edge."
    )
    contrast: FiniteFloat = Field(
        0.05, ge=0, le=1, description="The mean standard deviation of a texture."
    )
    correlation: FiniteFloat = Field(
        4.0, gt=0, description="The distance at which a texture's correlation is 1/e."
    )


def images(parameters: SyntheticParameters) -> dict[str, Path | None]:
    """List the images: their numbers. They come from no file."""
    return {f"{number:05d}": None for number in range(parameters.count)}


def dead_leaves_origins(parameters: DeadLeavesParameters) -> dict[str, str]:
    """Return the images' seed and number: images of other sizes resemble each other."""
    return _origins("dead-leaves", parameters)


def mini_dead_leaves_origins(parameters: MiniDeadLeavesParameters) -> dict[str, str]:
    """Return where the images come from: their seed and number."""
    return _origins("mini-dead-leaves", parameters)


def _origins(name: str, parameters: SyntheticParameters) -> dict[str, str]:
    return {image: f"{name}/{parameters.seed}/{image}" for image in images(parameters)}


def dead_leaves_sizes(parameters: DeadLeavesParameters) -> dict[str, tuple[int, int]]:
    """Return height and width of each image."""
    return dict.fromkeys(images(parameters), (parameters.height, parameters.width))
