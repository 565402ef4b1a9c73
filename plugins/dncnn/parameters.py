"""The parameters of the denoising network."""

from __future__ import annotations

from pydantic import Field

from priorbench.networks.parameters import UNetParameters


class DnCNNParameters(UNetParameters):
    """How the network is built and trained."""

    iterations: int = Field(7000, ge=1, description="steps of the optimiser, one for each batch")
    sigma_max: float = Field(
        75.0,
        gt=0,
        le=255,
        description="largest σ of the noise in training, 0–255; σ is an input of the network",
    )
