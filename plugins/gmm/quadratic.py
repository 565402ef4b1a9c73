"""Many quadratic forms of many vectors as one matrix product.

vᵀAv is linear in the d(d+1)/2 products vᵢvⱼ. With these *features* of n vectors as the columns of a
matrix Φ and K packed matrices as the rows of C, all forms are CΦ: half the arithmetic of K separate
products with d × d matrices, and a single call of the fastest routine there is.

The products are ordered by o = j − i modulo d: those of one o are v times v turned by o, so that
all are made by one multiplication of a block with shifted views of itself.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

BYTES_IN_A_BLOCK = 1 << 22
"""A block is still in the processor's cache when the matrix product reads it."""


def packed_size(dimension: int) -> int:
    """Return d(d+1)/2, the number of distinct entries of a symmetric d × d matrix."""
    return dimension * (dimension + 1) // 2


def pack(matrices: Tensor) -> Tensor:
    """Return C, K × d(d+1)/2, with CΦ(v) = vᵀAv for symmetric ``matrices`` A, K × d × d."""
    rows, columns = _pairs(matrices.shape[-1])
    return triangle(matrices) * torch.where(rows == columns, 1, 2)


def triangle(matrices: Tensor) -> Tensor:
    """Return the distinct entries of symmetric ``matrices``, K × d × d, as K × d(d+1)/2."""
    rows, columns = _pairs(matrices.shape[-1])
    return matrices[:, rows, columns]


def unpack(moments: Tensor) -> Tensor:
    """Return the symmetric matrices, K × d × d, of distinct entries, K × d(d+1)/2."""
    dimension = int((2 * moments.shape[-1]) ** 0.5)
    rows, columns = _pairs(dimension)
    matrices = moments.new_empty(moments.shape[0], dimension, dimension)
    matrices[:, rows, columns] = moments
    matrices[:, columns, rows] = moments
    return matrices


def feature_blocks(vectors: Tensor, ones: int = 0) -> Iterator[tuple[slice, Tensor]]:
    """Yield blocks of columns of ``vectors`` (d × N) and Φ, d(d+1)/2 × n, with rows of ones below.

    Memory does not grow with N. Each block overwrites the one before it.
    """
    dimension, count = vectors.shape
    turns = (dimension + 1) // 2
    size = max(1, BYTES_IN_A_BLOCK // (packed_size(dimension) * vectors.element_size()))
    buffer = vectors.new_ones(packed_size(dimension) + ones, min(size, count))
    turned = vectors.new_empty(dimension + turns, min(size, count))
    for start in range(0, count, size):
        block = slice(start, min(start + size, count))
        n = block.stop - block.start
        # Views of whole rows at the end too: a narrower block is the start of each row.
        wide, features = turned[:, :n], buffer[:, :n]
        wide[:dimension] = vectors[:, block]
        wide[dimension:] = vectors[:turns, block]
        by_turn = features[: turns * dimension].view(turns, dimension, n)
        torch.mul(
            wide[:dimension], wide.unfold(0, dimension, 1)[:turns].movedim(-1, 1), out=by_turn
        )
        if dimension % 2 == 0:
            torch.mul(
                wide[:turns],
                wide[turns:dimension],
                out=features[turns * dimension : packed_size(dimension)],
            )
        yield block, features


def _pairs(dimension: int) -> tuple[Tensor, Tensor]:
    """Return i and j of each feature."""
    first = torch.arange(packed_size(dimension))
    return first % dimension, (first % dimension + first // dimension) % dimension
