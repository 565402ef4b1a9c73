"""The parameters of the diffusion model."""

from __future__ import annotations

from pydantic import Field, model_validator

from priorbench.networks.parameters import TrainingParameters


class DiffusionParameters(TrainingParameters):
    """How the network is built and trained."""

    width: int = Field(
        32, ge=1, description="channels at half the image's size, and as many more at each scale"
    )
    blocks: int = Field(
        2,
        ge=1,
        description="residual blocks on the way down at each scale, and as many on the way up",
    )
    scales: int = Field(4, ge=1, le=5, description="scales: half the image's size, a quarter …")
    tile_size: int = Field(64, ge=8, description="side of a training tile in pixels")
    held_out: float = Field(
        0.0025,
        gt=0,
        le=1,
        description="further places that measure and don't train, as a fraction of n_tiles",
    )
    batch: int = Field(16, ge=1, description="tiles in a batch")
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

    @model_validator(mode="after")
    def _check_tile(self) -> DiffusionParameters:
        divisor = 2**self.scales
        if self.tile_size % divisor:
            raise ValueError(
                f"tile_size must be a multiple of {divisor} for {self.scales} scales, "
                f"not {self.tile_size}"
            )
        return self
