"""Square tiles of an image that overlap: cut out, and blended again by smooth windows."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from priorbench.types import Planes, Tiles

__all__ = ["Tiling", "without_mean"]


class Tiling:
    """Tiles on a regular grid that covers planes of one size.

    A pixel of the blended image is the mean of the tiles over it, weighted by their windows, which
    fall smoothly from the middle of a tile to its border: where one tile ends, others have all the
    weight, so no seam is left. Blending is linear and undoes cutting.

    Attributes:
        rows: first row of each tile of a column of tiles.
        columns: first column of each tile of a row of tiles.

    Args:
        height: of the planes; less than ``size`` is filled up by repeating the border.
        width: of the planes; likewise.
        size: side T of a tile.
        stride: pixels from one tile to the next, at most T; the grid is spread evenly, so they can
            be fewer.

    Raises:
        ValueError: the stride is less than 1 or leaves pixels out.
    """

    def __init__(self, height: int, width: int, size: int, stride: int) -> None:
        if not 1 <= stride <= size:
            raise ValueError(f"the stride must be from 1 to the tiles' side {size}, not {stride}")
        self.height, self.width, self.size = height, width, size
        self._full = max(height, size), max(width, size)
        self.rows, self.columns = (_starts(length, size, stride) for length in self._full)
        # sin² of neighbours half a tile apart sums to 1; it never is 0 at a pixel's centre.
        profile = torch.sin((torch.arange(size) + 0.5) * math.pi / size).square()
        self._window = profile[:, None] * profile
        self._weight = self._sum(self._window.expand(len(self), size, size)[None])[0]

    def __len__(self) -> int:
        """Return how many tiles a plane has."""
        return len(self.rows) * len(self.columns)

    def cut(self, planes: Planes) -> Tiles:
        """Return the tiles of planes, P × H × W, one plane after the other, as N × T × T."""
        below, beside = self._full[0] - self.height, self._full[1] - self.width
        if below or beside:
            planes = F.pad(planes[None], (0, beside, 0, below), mode="replicate")[0]
        rows = [planes[:, top : top + self.size] for top in self.rows]
        tiles = [row[:, :, left : left + self.size] for row in rows for left in self.columns]
        return torch.stack(tiles, dim=1).flatten(0, 1)

    def blend(self, tiles: Tiles) -> Planes:
        """Return the planes, P × H × W, that tiles, N × T × T, make up."""
        tiles = tiles.view(-1, len(self), self.size, self.size)
        planes = self._sum(tiles * self._window.to(tiles)) / self._weight.to(tiles)
        return planes[:, : self.height, : self.width]

    def _sum(self, tiles: Tensor) -> Tensor:
        """Return the sum of tiles, P × n × T × T, at their places."""
        size, count = self.size, len(self.columns)
        # Row by row, then the rows: fewer additions to large planes.
        rows = []
        for first in range(0, len(self), count):
            row = tiles.new_zeros(len(tiles), size, self._full[1])
            for place, left in enumerate(self.columns):
                row[:, :, left : left + size] += tiles[:, first + place]
            rows.append(row)
        planes = tiles.new_zeros(len(tiles), *self._full)
        for top, row in zip(self.rows, rows, strict=True):
            planes[:, top : top + size] += row
        return planes


def _starts(length: int, size: int, stride: int) -> list[int]:
    """Return the first pixel of each tile along an axis, evenly spread from end to end."""
    last = length - size
    # Rounded up: the last tile ends with the image.
    count = -(-last // stride)
    return [round(last * place / count) for place in range(count + 1)] if count else [0]


def without_mean(tiles: Tensor) -> Tensor:
    """Return tiles, N × T × T, without their means."""
    return tiles - tiles.mean((1, 2), keepdim=True)
