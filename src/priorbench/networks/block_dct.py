"""Tiles as the coefficients of their blocks: an orthonormal change of coordinates."""

from __future__ import annotations

import numpy as np
import torch
from scipy.fft import dct
from torch import Tensor

from priorbench.numerics.constants import QUANTISATION_VARIANCE
from priorbench.numerics.patches import PatchSet
from priorbench.numerics.tiles import without_mean

__all__ = ["BlockDCT"]

TILES_FOR_THE_SPECTRUM = 20_000
TILES_IN_A_CHUNK = 1 << 12


class BlockDCT:
    """The discrete cosine transform of each block of a tile.

    White noise stays white, and what natural tiles have of each frequency differs by orders of
    magnitude, so that a variance for each coefficient says far more than one for each pixel.

    Args:
        size: side T of a tile.
        block: side b of a block, which divides T; 1 leaves the pixels as they are.
    """

    def __init__(self, size: int, block: int) -> None:
        self.size, self.block, self.grid = size, block, size // block
        matrix = dct(np.eye(block), axis=0, norm="ortho")
        self._matrix = torch.from_numpy(np.ascontiguousarray(matrix)).float()

    @property
    def frequencies(self) -> int:
        """Coefficients of a block, b²; the first is its mean times b."""
        return self.block**2

    def coefficients(self, tiles: Tensor) -> Tensor:
        """Return the coefficients, N × b² × T/b × T/b, of tiles, N × T × T."""
        matrix, grid, block = self._matrix.to(tiles), self.grid, self.block
        blocks = tiles.reshape(-1, grid, block, grid, block)
        return torch.einsum("fi,nyixj,gj->nfgyx", matrix, blocks, matrix).reshape(
            -1, block**2, grid, grid
        )

    def tiles(self, coefficients: Tensor) -> Tensor:
        """Return the tiles that have these coefficients."""
        matrix, grid, block = self._matrix.to(coefficients), self.grid, self.block
        blocks = coefficients.view(-1, block, block, grid, grid)
        return torch.einsum("fi,nfgyx,gj->nyixj", matrix, blocks, matrix).reshape(
            -1, self.size, self.size
        )

    def spectrum(self, drawn: PatchSet) -> Tensor:
        """Return the mean variance of each coefficient of a block of tiles without a mean, b²."""
        total = torch.zeros(self.frequencies, dtype=torch.float64)
        some = drawn[:TILES_FOR_THE_SPECTRUM]
        for chunk in torch.split(some, TILES_IN_A_CHUNK):
            u = self.coefficients(without_mean(chunk.view(-1, drawn.size, drawn.size)))
            total += u.double().square().sum((0, 2, 3))
        variance = total / (len(some) * self.grid**2)
        # A single block's first coefficient is its mean, which is 0.
        return variance.clamp(min=QUANTISATION_VARIANCE).float()
