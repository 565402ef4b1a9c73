"""The parameters of the normalising flow."""

from __future__ import annotations

from pydantic import Field

from priorbench.networks.parameters import DensityParameters


class FlowParameters(DensityParameters):
    """How the flow is built and trained, and how it estimates patches."""

    transforms: int = Field(
        2, ge=1, description="autoregressive transformations, in alternating order of coordinates"
    )
    width: int = Field(256, ge=1, description="units of the hidden layers of each transformation")
    layers: int = Field(2, ge=1, description="hidden layers of each transformation")
    bins: int = Field(8, ge=2, description="bins of the splines")
    iterations: int = Field(2500, ge=1, description="steps of the optimiser, one for each batch")
    batch: int = Field(256, ge=1, description="patches in a batch")
    learning_rate: float = Field(
        0.04,
        gt=0,
        lt=1,
        description="length of a step, of the norm that the weights begin with; falls linearly to "
        "a hundredth",
    )
