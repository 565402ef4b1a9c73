"""The parameters of the variational autoencoders."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from priorbench.networks.parameters import TrainingParameters
from priorbench.specs.checks import check_stride

SMALLEST_GRID = 4


def smallest_grid(tile_size: int, block: int) -> int:
    """Return the side of the map of the code: blocks along a tile, halved down to at least 4."""
    grid = tile_size // block
    while grid % 2 == 0 and grid // 2 >= SMALLEST_GRID:
        grid //= 2
    return grid


class AutoEncoderParameters(TrainingParameters):
    """How an autoencoder of tiles is built and trained."""

    tile_size: int = Field(32, ge=2, description="side of a tile in pixels")
    block: int = Field(
        8,
        ge=1,
        description="the decoder's variances are those of the DCT of blocks of this side; 1 for "
        "pixels",
    )
    latent_size: int = Field(256, ge=1, description="dimensions of the latent code")
    width: int = Field(128, ge=1, description="channels of the convolutions")
    iterations: int = Field(5000, ge=1, description="steps of the optimiser, one for each batch")
    batch: int = Field(16, ge=1, description="tiles in a batch")
    learning_rate: float = Field(
        0.04,
        gt=0,
        lt=1,
        description="length of a step, of the norm that the weights begin with; falls linearly to "
        "a hundredth",
    )
    depth: int = Field(
        2,
        ge=0,
        description="residual blocks at each scale of the encoder, and as many of the decoder",
    )
    beta: float = Field(1.0, ge=0, description="weight of the Kullback–Leibler divergence")
    warm_up: float = Field(
        0.3, ge=0, le=1, description="fraction of the training in which that weight grows from 0"
    )
    free_bits: float = Field(
        0.0,
        ge=0,
        description="nats that each latent dimension may carry, in the mean over a batch, at no "
        "cost",
    )
    noisy: float = Field(
        0.3,
        ge=0,
        le=1,
        description="fraction of the tiles that are seen through noise of every level up to "
        "sigma_max",
    )
    sigma_max: float = Field(100.0, gt=0, le=255, description="largest σ of that noise, 0–255")

    @model_validator(mode="after")
    def _check_block(self) -> AutoEncoderParameters:
        if self.tile_size % self.block:
            raise ValueError(f"tile_size {self.tile_size} must be a multiple of block {self.block}")
        positions = smallest_grid(self.tile_size, self.block) ** 2
        if self.latent_size % positions:
            raise ValueError(
                f"latent_size must be a multiple of {positions} for these tiles, "
                f"not {self.latent_size}"
            )
        return self


class VAEParameters(AutoEncoderParameters):
    """The autoencoder of tiles and how it restores an image."""

    mode: Literal["project", "latent", "jpmap"] = Field(
        "jpmap",
        description="encode and decode once, search the latent codes that explain the "
        "observation, or maximise the joint posterior of image and codes by alternation",
    )
    stride: int = Field(16, ge=1, description="pixels from one tile to the next, at most tile_size")
    steps: int = Field(
        0, ge=0, description="mode jpmap: gradient steps on the codes after the encoder, each time"
    )
    search_steps: int = Field(100, ge=1, description="mode latent: gradient steps of the search")
    restarts: int = Field(
        0, ge=0, description="mode latent: further searches, from random codes; the best is kept"
    )

    @model_validator(mode="after")
    def _check_stride(self) -> VAEParameters:
        check_stride(self.stride, "tile_size", self.tile_size)
        return self


class PatchVAEParameters(AutoEncoderParameters):
    """The autoencoder of patches."""

    tile_size: int = Field(8, ge=2, le=32, description="side of a patch in pixels")
    latent_size: int = Field(32, ge=1, description="dimensions of the latent code")
    width: int = Field(256, ge=1, description="units of the layers")
    n_tiles: int = Field(500_000, ge=2, le=10_000_000, description="patches to train on")
    iterations: int = Field(8000, ge=1, description="steps of the optimiser, one for each batch")
    batch: int = Field(256, ge=1, description="patches in a batch")
    samples: int = Field(64, ge=1, description="importance samples of the log-likelihood")
    stride: int = Field(
        1, ge=1, description="EPLL estimates one of stride² patches, others in each iteration"
    )

    @model_validator(mode="after")
    def _check_stride(self) -> PatchVAEParameters:
        check_stride(self.stride, "tile_size", self.tile_size)
        return self
