"""How a network is trained. No torch: plugins inherit from it where they declare their priors."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from priorbench.specs import Parameters
from priorbench.specs.checks import check_stride

__all__ = ["DensityParameters", "OptimiserName", "TrainingParameters", "UNetParameters"]

OptimiserName = Literal["muon", "adam"]
"""Orthogonalised steps, or Adam's."""


class TrainingParameters(Parameters):
    """Base of the parameters of a network that :func:`.training.train` trains."""

    n_tiles: int = Field(
        100_000,
        ge=2,
        le=10_000_000,
        description="places in the training images that tiles come from",
    )
    held_out: float = Field(
        0.01,
        gt=0,
        le=1,
        description="further places that measure and don't train, as a fraction of n_tiles",
    )
    iterations: int = Field(5000, ge=1, description="steps of the optimiser, one for each batch")
    batch: int = Field(32, ge=1, description="tiles in a batch")
    learning_rate: float = Field(
        0.015,
        gt=0,
        lt=1,
        description="length of a step, of the norm that the weights begin with; "
        "falls linearly to a hundredth",
    )
    average: float = Field(
        0.998,
        ge=0,
        lt=1,
        description="how much of the average of the weights, which restores, each step keeps",
    )
    measure_every: int = Field(
        250, ge=1, description="steps between two measurements on held-out tiles"
    )
    patience: int = Field(
        20, ge=1, description="stop after this many measurements without progress"
    )


class DensityParameters(TrainingParameters):
    """How a density of patches is trained, and how it estimates them."""

    patch_size: int = Field(8, ge=2, le=32, description="side of a patch in pixels")
    stride: int = Field(
        1, ge=1, description="EPLL estimates one of stride² patches, others in each iteration"
    )
    steps: int = Field(
        2,
        ge=0,
        description="gradient steps of a MAP estimate, from a Gaussian estimate; 0 for that alone",
    )
    n_tiles: int = Field(500_000, ge=2, le=10_000_000, description="patches to train on")

    @model_validator(mode="after")
    def _check_stride(self) -> DensityParameters:
        check_stride(self.stride, "patch_size", self.patch_size)
        return self


class UNetParameters(TrainingParameters):
    """How a network of several scales, the first at half the image's size, is built and trained."""

    width: int = Field(
        32, ge=1, description="channels at half the image's size; more at each scale below"
    )
    blocks: int = Field(
        2,
        ge=1,
        description="residual blocks on the way down at each scale, and as many on the way up",
    )
    scales: int = Field(2, ge=1, le=5, description="scales: half the image's size, a quarter …")
    tile_size: int = Field(64, ge=8, description="side of a training tile in pixels")
    held_out: float = Field(
        0.0025,
        gt=0,
        le=1,
        description="further places that measure and don't train, as a fraction of n_tiles",
    )
    batch: int = Field(16, ge=1, description="tiles in a batch")

    @model_validator(mode="after")
    def _check_tile(self) -> UNetParameters:
        divisor = 2**self.scales
        if self.tile_size % divisor:
            raise ValueError(
                f"tile_size must be a multiple of {divisor} for {self.scales} scales, "
                f"not {self.tile_size}"
            )
        return self
