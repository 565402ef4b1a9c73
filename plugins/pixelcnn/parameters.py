"""The parameters of the PixelCNN."""

from __future__ import annotations

from pydantic import Field

from priorbench.networks.parameters import DensityParameters


class PixelCNNParameters(DensityParameters):
    """How the network is built and trained, and how it estimates patches."""

    stride: int = Field(
        4, ge=1, description="EPLL estimates one of stride² patches, others in each iteration"
    )
    width: int = Field(48, ge=1, description="channels of each of the two streams")
    layers: int = Field(
        5, ge=1, description="gated layers; each sees a row further up and a column further left"
    )
    components: int = Field(6, ge=1, description="logistic distributions in a pixel's mixture")
    iterations: int = Field(4000, ge=1, description="steps of the optimiser, one for each batch")
    batch: int = Field(64, ge=1, description="patches in a batch")
    learning_rate: float = Field(
        0.02,
        gt=0,
        lt=1,
        description="length of a step, of the norm that the weights begin with; falls linearly to "
        "a hundredth",
    )
