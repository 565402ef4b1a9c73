"""Many quadratic forms of many vectors as one matrix product.

vᵀAv is linear in the d(d+1)/2 products vᵢvⱼ, i ≤ j. With these *features* of n vectors as the columns
of a matrix Φ and K packed matrices as the rows of C, all forms are CΦ: half the arithmetic of K
separate products with d × d matrices, and a single call of the fastest routine there is. The
transposed product RΦᵀ gives the K weighted second moments Σₙ rₖₙ vₙvₙᵀ from the same features.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

FEATURES_IN_A_BLOCK = 1 << 22


def packed_size(dimension: int) -> int:
    """Return d(d+1)/2, the number of distinct entries of a symmetric d × d matrix."""
    return dimension * (dimension + 1) // 2


def pack(matrices: Tensor) -> Tensor:
    """Return the coefficients C, K × d(d+1)/2, with CΦ(v) = vᵀAv for symmetric ``matrices`` A, K × d × d."""
    rows, columns = _upper(matrices.shape[-1])
    return matrices[:, rows, columns] * torch.where(rows == columns, 1, 2)


def unpack(moments: Tensor) -> Tensor:
    """Return the symmetric matrices, K × d × d, whose upper triangles are ``moments``, K × d(d+1)/2."""
    dimension = int((2 * moments.shape[-1]) ** 0.5)
    rows, columns = _upper(dimension)
    matrices = moments.new_empty(moments.shape[0], dimension, dimension)
    matrices[:, rows, columns] = moments
    matrices[:, columns, rows] = moments
    return matrices


def feature_blocks(vectors: Tensor) -> Iterator[tuple[slice, Tensor]]:
    """Yield blocks of columns of ``vectors`` (d × N) with their features Φ, d(d+1)/2 × n.

    Memory does not grow with N. Each block overwrites the one before it.
    """
    dimension, count = vectors.shape
    size = max(1, FEATURES_IN_A_BLOCK // packed_size(dimension))
    buffer = vectors.new_empty(packed_size(dimension), min(size, count))
    for start in range(0, count, size):
        block = slice(start, min(start + size, count))
        features = buffer[:, : block.stop - block.start]
        offset = 0
        for i in range(dimension):
            torch.mul(vectors[i, block], vectors[i:, block], out=features[offset : offset + dimension - i])
            offset += dimension - i
        yield block, features


def _upper(dimension: int) -> tuple[Tensor, Tensor]:
    rows, columns = torch.triu_indices(dimension, dimension)
    return rows, columns
