"""The parameters of the prior; read with every workflow, so nothing heavy is imported."""

from __future__ import annotations

from pydantic import Field, model_validator

from priorbench.networks.parameters import TrainingParameters
from priorbench.specs.checks import check_stride


class FieldOfExpertsParameters(TrainingParameters):
    """How the experts are built, trained, and used."""

    patch_size: int = Field(8, ge=3, le=32, description="side of a patch in pixels")
    filter_size: int = Field(
        8,
        ge=2,
        le=32,
        description="side of an expert's filter; smaller than a patch, it is applied everywhere in "
        "the patch; at most patch_size",
    )
    experts: int = Field(128, ge=1, le=4096, description="filters")
    noise: float = Field(
        5.0,
        gt=0,
        le=255,
        description="σ of the noise on the patches whose density is learned, 0–255",
    )
    weight: float = Field(
        0.6,
        gt=0,
        description="what the learned exponents are multiplied by, the weight of the prior; "
        "the default was chosen on crops of training images",
    )
    stride: int = Field(
        4,
        ge=1,
        description="EPLL estimates one of stride² patches, others in each iteration; at most "
        "patch_size",
    )
    steps: int = Field(10, ge=1, description="steps of majorise-minimise for a MAP estimate")
    inner_steps: int = Field(5, ge=1, description="steps of conjugate gradients in each of them")
    n_tiles: int = Field(
        100_000, ge=2, le=10_000_000, description="places that training patches come from"
    )
    iterations: int = Field(3000, ge=1, description="steps of the optimiser, one for each batch")
    batch: int = Field(256, ge=1, description="patches in a batch")
    measure_every: int = Field(
        300, ge=1, description="steps between two measurements on held-out patches"
    )

    @model_validator(mode="after")
    def _check_sizes(self) -> FieldOfExpertsParameters:
        check_stride(self.stride, "patch_size", self.patch_size)
        if self.filter_size > self.patch_size:
            raise ValueError(
                f"filter_size must be at most patch_size, {self.patch_size}, not {self.filter_size}"
            )
        return self
