"""The parameters of the diffusion model."""

from __future__ import annotations

from pydantic import Field

from priorbench.networks.parameters import UNetParameters


class DiffusionParameters(UNetParameters):
    """How the network is built and trained."""

    scales: int = Field(4, ge=1, le=5, description="scales: half the image's size, a quarter …")
    iterations: int = Field(4000, ge=1, description="steps of the optimiser, one for each batch")
    learning_rate: float = Field(
        0.03,
        gt=0,
        lt=1,
        description="length of a step, of the norm that the weights begin with; falls linearly to "
        "a hundredth",
    )
    sigma_max: float = Field(
        2550.0, gt=1, description="largest σ of the noise, on the scale of 0–255"
    )
    sigma_median: float = Field(
        35.0, gt=0, description="median of σ in training, 0–255; log σ is normal"
    )
    sigma_spread: float = Field(1.5, gt=0, description="standard deviation of log σ in training")
