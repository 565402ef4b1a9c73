"""The parameters of the generative adversarial network."""

from __future__ import annotations

from pydantic import Field, model_validator

from priorbench.networks.parameters import TrainingParameters
from priorbench.specs.checks import check_stride

SMALLEST_MAP = 4


class GANParameters(TrainingParameters):
    """How generator and critic are built and trained, and how the generator restores."""

    tile_size: int = Field(
        16, ge=8, le=128, description=f"side of a tile in pixels: {SMALLEST_MAP} times a power of 2"
    )
    latent_size: int = Field(64, ge=1, description="dimensions of the latent code")
    width: int = Field(
        32, ge=1, description="channels at the size of a tile; twice as many at each smaller one"
    )
    penalty: float = Field(
        10.0, ge=0, description="weight of the critic's squared gradient on photographs, R1"
    )
    stride: int = Field(8, ge=1, description="pixels from one tile to the next, at most tile_size")
    search_steps: int = Field(100, ge=1, description="gradient steps of a search")
    restarts: int = Field(
        0, ge=0, description="further searches, from random codes; the best is kept"
    )
    deviation: float = Field(
        0.05,
        ge=0,
        le=1,
        description="standard deviation of a pixel of a photograph from what is generated, on "
        "[0, 1]; 0 for images that are exactly what is generated",
    )
    held_out: float = Field(
        0.02,
        gt=0,
        le=1,
        description="further places that measure and don't train, as a fraction of n_tiles",
    )
    iterations: int = Field(4000, ge=1, description="steps of the optimiser, one for each batch")
    learning_rate: float = Field(
        0.01,
        gt=0,
        lt=1,
        description="length of a step, of the norm that the weights begin with; falls linearly to "
        "a hundredth",
    )

    @model_validator(mode="after")
    def _check_tiles(self) -> GANParameters:
        check_stride(self.stride, "tile_size", self.tile_size)
        if self.tile_size & (self.tile_size - 1):
            raise ValueError(f"tile_size must be a power of 2, not {self.tile_size}")
        return self
