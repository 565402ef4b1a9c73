"""The parameters of the normalising flow."""

from __future__ import annotations

from pydantic import Field, model_validator

from priorbench.networks.parameters import TrainingParameters
from priorbench.specs.checks import check_stride


class FlowParameters(TrainingParameters):
    """How the flow is built and trained, and how it estimates patches."""

    patch_size: int = Field(8, ge=2, le=32, description="side of a patch in pixels")
    stride: int = Field(
        1, ge=1, description="EPLL estimates one of stride² patches, others in each iteration"
    )
    transforms: int = Field(
        2, ge=1, description="autoregressive transformations, in alternating order of coordinates"
    )
    width: int = Field(256, ge=1, description="units of the hidden layers of each transformation")
    layers: int = Field(2, ge=1, description="hidden layers of each transformation")
    bins: int = Field(8, ge=2, description="bins of the splines")
    steps: int = Field(
        2,
        ge=0,
        description="gradient steps of a MAP estimate, from a Gaussian estimate; 0 for that alone",
    )
    n_tiles: int = Field(500_000, ge=2, le=10_000_000, description="patches to train on")
    iterations: int = Field(2500, ge=1, description="steps of the optimiser, one for each batch")
    batch: int = Field(256, ge=1, description="patches in a batch")
    learning_rate: float = Field(
        0.04,
        gt=0,
        lt=1,
        description="length of a step, of the norm that the weights begin with; falls linearly to "
        "a hundredth",
    )

    @model_validator(mode="after")
    def _check_stride(self) -> FlowParameters:
        check_stride(self.stride, "patch_size", self.patch_size)
        return self
