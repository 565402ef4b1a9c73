"""The parameters of the vector-quantised autoencoder."""

from __future__ import annotations

from pydantic import Field, model_validator

from priorbench.networks.parameters import TrainingParameters
from priorbench.specs.checks import check_stride


class VQVAEParameters(TrainingParameters):
    """How encoder, codebook, decoder and the density of the codes are built and trained."""

    tile_size: int = Field(16, ge=2, le=64, description="side of a tile in pixels")
    block: int = Field(
        4,
        ge=1,
        description="side of the blocks of a tile that have one code each; the decoder's variances "
        "are those of their DCT",
    )
    stride: int = Field(
        4, ge=1, description="EPLL estimates one of stride² tiles, others in each iteration"
    )
    entries: int = Field(512, ge=2, description="vectors in the codebook")
    code_size: int = Field(32, ge=1, description="dimensions of these vectors")
    decay: float = Field(
        0.99, ge=0, lt=1, description="how much of the codebook's averages each batch keeps"
    )
    commitment: float = Field(
        0.25,
        ge=0,
        description="weight of the squared distance of what is encoded from its nearest vector",
    )
    width: int = Field(96, ge=1, description="channels of encoder and decoder")
    depth: int = Field(2, ge=0, description="residual blocks of the encoder, and of the decoder")
    codes_width: int = Field(
        48, ge=1, description="channels of each of the two streams of the PixelCNN of the codes"
    )
    codes_layers: int = Field(3, ge=1, description="its gated layers")
    noisy: float = Field(
        0.3,
        ge=0,
        lt=1,
        description="fraction of the tiles that are seen through noise of every level up to "
        "sigma_max",
    )
    sigma_max: float = Field(100.0, gt=0, le=255, description="largest σ of that noise, 0–255")
    n_tiles: int = Field(
        200_000,
        ge=2,
        le=10_000_000,
        description="places in the training images that tiles come from",
    )
    iterations: int = Field(2800, ge=1, description="steps of the optimiser, one for each batch")
    measure_every: int = Field(
        400, ge=1, description="steps between two measurements on held-out tiles"
    )
    batch: int = Field(64, ge=1, description="tiles in a batch")
    learning_rate: float = Field(
        0.02,
        gt=0,
        lt=1,
        description="length of a step, of the norm that the weights begin with; falls linearly to "
        "a hundredth",
    )

    @model_validator(mode="after")
    def _check_tiles(self) -> VQVAEParameters:
        check_stride(self.stride, "tile_size", self.tile_size)
        if self.tile_size % self.block:
            raise ValueError(f"tile_size {self.tile_size} must be a multiple of block {self.block}")
        return self
