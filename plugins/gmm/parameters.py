"""The parameters of the prior ``gmm``."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from priorbench import Parameters

QUANTISATION_VARIANCE = (1 / 255) ** 2 / 12


class GMMParameters(Parameters):
    """How the mixture is built and trained."""

    n_components: int = Field(200, ge=1, description="number of Gaussian components K")
    patch_size: int = Field(8, ge=2, le=32, description="side of a patch in pixels")
    n_patches: int = Field(50_000, ge=2, le=10_000_000, description="patches to train on")
    iterations: int = Field(30, ge=0, description="most EM iterations")
    patience: int = Field(3, ge=1, description="stop after this many iterations without progress on held-out patches")
    tolerance: float = Field(0.01, ge=0, description="nats per patch that count as progress")
    start: Literal["kmeans++", "random"] = Field("kmeans++", description="how patches are first given to components")
    held_out: float = Field(
        0.1, gt=0, le=1, description="further patches that measure and don't train, as a fraction of n_patches"
    )
    shrinkage: float = Field(
        40.0,
        ge=0,
        description="weight, in patches, of the covariance of all patches (at the component's contrast) "
        "in each component's covariance",
    )
    floor: float = Field(
        QUANTISATION_VARIANCE,
        gt=0,
        description="least eigenvalue of a covariance; by default the variance of rounding to 8 bits, (1/255)²/12, "
        "which every pixel of a training image has",
    )
