"""The parameters of the priors ``ind-pixel``, ``pca`` and ``ica``."""

from __future__ import annotations

from pydantic import Field, model_validator

from priorbench import Parameters
from priorbench.numerics.constants import QUANTISATION_VARIANCE
from priorbench.specs.checks import check_stride


class IndependentParameters(Parameters):
    """How the marginals are built and trained."""

    scales: int = Field(
        8,
        ge=1,
        description="zero-mean Gaussians J in each marginal; 1 makes the density a Gaussian",
    )
    patch_size: int = Field(8, ge=2, le=32, description="side of a patch in pixels")
    stride: int = Field(
        1,
        ge=1,
        description="EPLL estimates one of stride² patches, others in each iteration; at most "
        "patch_size",
    )
    n_patches: int = Field(50_000, ge=2, le=10_000_000, description="patches to train on")
    iterations: int = Field(50, ge=0, description="most EM iterations")
    patience: int = Field(
        3, ge=1, description="stop after this many iterations without progress on held-out patches"
    )
    tolerance: float = Field(0.01, ge=0, description="nats per patch that count as progress")
    held_out: float = Field(
        0.1,
        gt=0,
        le=1,
        description="further patches that measure and don't train, as a fraction of n_patches",
    )
    floor: float = Field(
        QUANTISATION_VARIANCE,
        gt=0,
        description="least variance of a Gaussian; by default the variance of rounding to 8 bits, "
        "(1/255)²/12, which every pixel of a training image has",
    )

    @model_validator(mode="after")
    def _check_stride(self) -> IndependentParameters:
        check_stride(self.stride, "patch_size", self.patch_size)
        return self


class PixelParameters(IndependentParameters):
    """How the MAP estimate is found where no coordinate can be restored by itself."""

    steps: int = Field(
        10, ge=1, description="steps of ADMM at each of its four penalties, for a MAP estimate"
    )


class ICAParameters(PixelParameters):
    """How the independent components are found."""

    ica_patches: int = Field(
        20_000, ge=2, description="patches that FastICA sees; the marginals learn from all"
    )
    ica_iterations: int = Field(200, ge=1, description="most iterations of FastICA")
