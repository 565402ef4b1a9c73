"""What can be chosen of the laws. Light: draws nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field, field_validator

from priorbench import Parameters

LawName = Literal["gaussian", "scales", "mixture", "leaves"]
TILE = 8
"""Side of the tiles of the laws that have tiles."""


class LawParameters(Parameters):
    """Which law images are drawn from."""

    law: LawName = Field(
        "gaussian",
        description="gaussian: a stationary field; scales, mixture, leaves: independent tiles of "
        "8 × 8 pixels, of one texture at several contrasts, of several textures, or of two leaves",
    )


class ImagesParameters(LawParameters):
    """How many images are drawn, and of which size."""

    side: int = Field(64, ge=16, le=1024, description="side of an image, a multiple of 8")
    count: int = Field(
        10, ge=1, le=99999, description="images; a larger set begins with the same ones"
    )
    seed: int = Field(0, description="another seed, other images")

    @field_validator("side")
    @classmethod
    def _is_of_tiles(cls, value: int) -> int:
        if value % TILE:
            raise ValueError(f"side must be a multiple of {TILE}, not {value}")
        return value


def images(parameters: ImagesParameters) -> dict[str, Path | None]:
    """List the images: their numbers. They come from no file."""
    return {f"{number:05d}": None for number in range(parameters.count)}


def sizes(parameters: ImagesParameters) -> dict[str, tuple[int, int]]:
    """Return height and width of each image."""
    return dict.fromkeys(images(parameters), (parameters.side, parameters.side))


def origins(parameters: ImagesParameters) -> dict[str, str]:
    """Return law, size, seed and number of each image."""
    name = f"known-law/{parameters.law}/{parameters.side}/{parameters.seed}"
    return {image: f"{name}/{image}" for image in images(parameters)}
