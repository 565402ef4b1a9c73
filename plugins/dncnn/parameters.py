"""The parameters of the denoising network."""

from __future__ import annotations

from pydantic import Field, model_validator

from priorbench.networks.parameters import TrainingParameters

HALVINGS_AT_THE_INPUT = 1


class DnCNNParameters(TrainingParameters):
    """How the network is built and trained."""

    width: int = Field(
        32, ge=1, description="channels at half the image's size; twice as many at each scale below"
    )
    blocks: int = Field(
        2,
        ge=1,
        description="residual blocks on the way down at each scale, and as many on the way up",
    )
    scales: int = Field(2, ge=1, le=5, description="scales: half the image's size, a quarter …")
    tile_size: int = Field(64, ge=8, description="side of a training tile in pixels")
    held_out: float = Field(
        0.0025,
        gt=0,
        le=1,
        description="further places that measure and don't train, as a fraction of n_tiles",
    )
    batch: int = Field(16, ge=1, description="tiles in a batch")
    iterations: int = Field(7000, ge=1, description="steps of the optimiser, one for each batch")
    sigma_max: float = Field(
        75.0,
        gt=0,
        le=255,
        description="largest σ of the noise in training, 0–255; σ is an input of the network",
    )

    @model_validator(mode="after")
    def _check_tile(self) -> DnCNNParameters:
        divisor = 2 ** (HALVINGS_AT_THE_INPUT + self.scales - 1)
        if self.tile_size % divisor:
            raise ValueError(
                f"tile_size must be a multiple of {divisor} for {self.scales} scales, "
                f"not {self.tile_size}"
            )
        return self
