"""The parameters of the priors whose density is a Gaussian mixture."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from priorbench import Parameters
from priorbench.numerics.constants import QUANTISATION_VARIANCE
from priorbench.specs.checks import check_stride


class GMMParameters(Parameters):
    """How the mixture is built, trained and used."""

    n_components: int = Field(200, ge=1, description="number of Gaussian components K")
    patch_size: int = Field(8, ge=2, le=32, description="side of a patch in pixels")
    covariances: Literal["full", "scaled"] = Field(
        "full",
        description="every component has its own covariance, or all have one at different "
        "contrasts",
    )
    n_patches: int = Field(50_000, ge=2, le=10_000_000, description="patches to train on")
    grid: int = Field(
        1, ge=1, description="training patches begin at rows and columns that are multiples of it"
    )
    batch: int = Field(32_768, ge=1, description="patches that one step of EM learns from")
    iterations: int = Field(30, ge=1, description="most passes of EM over the patches")
    patience: int = Field(
        3, ge=1, description="stop after this many passes without progress on held-out patches"
    )
    tolerance: float = Field(0.01, ge=0, description="nats per patch that count as progress")
    start: Literal["kmeans++", "split", "random"] = Field(
        "split",
        description="patches are first given to components by seeds far apart, by splitting "
        "components from one on, or at random",
    )
    restarts: int = Field(
        1, ge=1, description="starts tried for one pass each; the best on held-out patches goes on"
    )
    held_out: float = Field(
        0.1,
        gt=0,
        le=1,
        description="further patches that measure and don't train, as a fraction of n_patches",
    )
    shrinkage: float = Field(
        40.0,
        ge=0,
        description="weight, in patches, of the covariance of all patches (at the component's "
        "contrast) in each component's covariance",
    )
    floor: float = Field(
        QUANTISATION_VARIANCE,
        gt=0,
        description="least eigenvalue of a covariance; by default the variance of rounding to 8 "
        "bits, (1/255)²/12, which every pixel of a training image has",
    )
    mode: Literal["exact", "fast"] = Field(
        "exact",
        description="estimate every overlapping patch exactly, or as the next two say: an "
        "approximation",
    )
    stride: int = Field(
        4,
        ge=1,
        description="mode fast: one of stride² patches is estimated, others in each iteration",
    )
    axes: int = Field(
        40,
        ge=1,
        description="mode fast: components are told apart on this many principal axes of all "
        "patches",
    )
    adapt: int = Field(
        0,
        ge=0,
        description="steps of EM on the corrupted image's own patches before it is restored; 0 "
        "for none",
    )

    @model_validator(mode="after")
    def _check_stride(self) -> GMMParameters:
        if self.mode == "fast":
            check_stride(self.stride, "patch_size", self.patch_size)
        return self


class MVGParameters(GMMParameters):
    """A single Gaussian."""

    n_components: Literal[1] = Field(1, description="one component")


class GSMParameters(GMMParameters):
    """A scale mixture of one Gaussian."""

    n_components: int = Field(20, ge=1, description="number of contrasts")
    covariances: Literal["scaled"] = Field(
        "scaled", description="one covariance at different contrasts"
    )


class NonLocalParameters(GMMParameters):
    """A mixture, and groups of similar patches."""

    group_patch_size: int = Field(7, ge=2, le=16, description="side of a patch of the groups")
    similar: int = Field(30, ge=2, description="patches in a group, the reference included")
    group_stride: int = Field(
        3, ge=1, description="pixels from one reference patch to the next, at most a patch's side"
    )
    reach: int = Field(30, ge=1, description="the search window reaches this far, in pixels")
    passes: int = Field(
        3, ge=1, description="how often groups are searched and the image is estimated again"
    )
    uncertainty: float = Field(
        0.6,
        ge=0,
        le=1,
        description="share of the posterior covariance that a group's covariance is given back",
    )

    @model_validator(mode="after")
    def _check_group_stride(self) -> NonLocalParameters:
        check_stride(self.group_stride, "group_patch_size", self.group_patch_size)
        return self
