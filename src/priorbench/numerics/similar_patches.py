"""Groups of similar patches of an image, and the image that estimates of them make up.

What priors share that rest on an image repeating itself. Patches lie in a table, rows × columns × D
with one entry for each position of a patch's first pixel; a position's number is
row · columns + column.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from itertools import product

import torch
import torch.nn.functional as F
from torch import Tensor

from priorbench.numerics.threads import in_threads
from priorbench.types import Plane

__all__ = ["Groups", "PatchSums", "find_similar", "patch_table"]

REFERENCES_ALONG_A_TILE = 8
"""Neighbours share most of their windows: 8 × 8 of them are compared by one matrix product."""
GROUPS_IN_A_CHUNK = 128
CHUNKS_AT_ONCE = 16


def patch_table(plane: Plane, size: int) -> Tensor:
    """Return all overlapping patches, rows × columns × D, of a plane, H × W.

    Raises:
        ValueError: the plane is smaller than a patch.
    """
    if min(plane.shape) < size:
        height, width = plane.shape
        raise ValueError(f"a plane of {height} × {width} has no patch of {size} × {size}")
    return plane.unfold(0, size, 1).unfold(1, size, 1).flatten(2)


@dataclass(frozen=True)
class Groups:
    """One group of similar patches for each of R reference patches.

    Args:
        members: the numbers of K patches, R × K, the reference first, then the nearest first.
        distances: mean squared difference of a pixel from the reference, R × K: 0 for the reference
            itself.
    """

    members: Tensor
    distances: Tensor


def find_similar(table: Tensor, step: int, reach: int, count: int) -> Groups:
    """Return the patches nearest to each reference within a square window around it.

    Args:
        table: what is compared, rows × columns × D: patches, or an orthonormal transform of them.
        step: rows and columns from one reference to the next; the last row and the last column of
            positions have references too, so with a step of at most a patch's side the groups cover
            the image.
        reach: the window has (2 · reach + 1)² positions, fewer at the image's border.
        count: patches in a group, K; fewer if the smallest window, that of the image's corner, has
            fewer positions.

    Raises:
        ValueError: the step or the count is less than 1, or the reach is negative.
    """
    if min(step, count) < 1 or reach < 0:
        raise ValueError(
            "step and count must be at least 1 and reach at least 0, "
            f"not {step}, {count} and {reach}"
        )
    corner = min(table.shape[0], reach + 1) * min(table.shape[1], reach + 1)
    search = _Search(table, reach, min(count, corner))
    rows, columns = (_spaced(length, step, table.device) for length in table.shape[:2])
    tiles = product(*(torch.split(each, REFERENCES_ALONG_A_TILE) for each in (rows, columns)))
    found = in_threads(lambda tile: search.around(*tile), tiles)
    return Groups(
        torch.cat([each.members for each in found]), torch.cat([each.distances for each in found])
    )


class _Search:
    """The table with a border of ``reach`` positions that are infinitely far from all patches."""

    def __init__(self, table: Tensor, reach: int, count: int) -> None:
        self.side, self.count = 2 * reach + 1, count
        self.columns, self.length = table.shape[1:]
        # Vectors around their mean: a squared distance is a difference of squared norms, which
        # loses fewest digits when they are small.
        centred = table - table.mean((0, 1))
        border = (reach, reach, reach, reach)
        self.vectors = F.pad(centred, (0, 0, *border))
        self.norms = F.pad(centred.square().sum(2), border, value=torch.inf)
        offset = torch.arange(-reach, reach + 1, device=table.device)
        self.offsets = (offset[:, None] * self.columns + offset).flatten()
        self.centre = len(self.offsets) // 2

    def around(self, tops: Tensor, lefts: Tensor) -> Groups:
        """Return the groups of the references at all pairs of these rows and columns."""
        reach = self.side // 2
        region = (
            slice(int(tops[0]), int(tops[-1]) + self.side),
            slice(int(lefts[0]), int(lefts[-1]) + self.side),
        )
        candidates, norms = self.vectors[region].flatten(0, 1), self.norms[region].flatten()
        own = self.vectors[tops + reach][:, lefts + reach].flatten(0, 1)
        squares = torch.addmm(norms, own, candidates.mT, alpha=-2)
        squares += own.square().sum(1, keepdim=True)
        # Each reference looks at its own window in the region.
        width = region[1].stop - region[1].start
        corners = ((tops - tops[0])[:, None] * width + lefts - lefts[0]).flatten()
        inside = torch.arange(self.side, device=own.device)
        window = (inside[:, None] * width + inside).flatten()
        squares = squares.gather(1, corners[:, None] + window)
        # The reference comes first, also where others are equal to it.
        squares[:, self.centre] = -torch.inf
        nearest = squares.topk(self.count, largest=False)
        references = (tops[:, None] * self.columns + lefts).flatten()[:, None]
        members = references + self.offsets[nearest.indices]
        return Groups(members, nearest.values.clamp(min=0) / self.length)


class PatchSums:
    """Weighted sums of the estimates of each patch, from which the image is made at the end.

    What is summed may be a transform of patches: the sum is transformed back once for each position
    instead of once for each estimate.

    Attributes:
        values: the sum of weighted estimates at each position, rows × columns × D.
        weights: the sum of their weights, rows × columns.

    Args:
        table: of the patches, rows × columns × D: gives the shape and the type.
    """

    def __init__(self, table: Tensor) -> None:
        self.values = torch.zeros_like(table, memory_format=torch.contiguous_format)
        self.weights = table.new_zeros(table.shape[:2])

    def add(self, members: Tensor, estimates: Tensor, weights: Tensor) -> None:
        """Add the estimates of groups.

        Args:
            members: the numbers of the patches, G × K.
            estimates: G × K × D, multiplied by their weights already.
            weights: of each group, G.
        """
        place, rows = members.flatten(), estimates.flatten(0, 1)
        # An index that is expanded, not stored, lets torch add whole rows.
        self.values.flatten(0, 1).scatter_add_(0, place[:, None].expand_as(rows), rows)
        each = weights[:, None].expand_as(members).flatten()
        self.weights.flatten().scatter_add_(0, place, each)

    def add_all(self, groups: Groups, estimate: Callable[[Tensor], tuple[Tensor, Tensor]]) -> None:
        """Estimate groups in threads, and add weight times estimate of each.

        Args:
            groups: of the patches.
            estimate: from the numbers of the patches of G groups, G × K, to their estimates,
                G × K × D, and the groups' weights, G.
        """
        # As many groups at once as fit into memory for a photograph of any size.
        for together in torch.split(groups.members, GROUPS_IN_A_CHUNK * CHUNKS_AT_ONCE):
            chunks = torch.split(together, GROUPS_IN_A_CHUNK)
            for members, (found, weights) in zip(chunks, in_threads(estimate, chunks), strict=True):
                self.add(members, weights[:, None, None] * found, weights)

    def plane(self, back: Tensor | None = None, window: Tensor | None = None) -> Plane:
        """Return the weighted mean of the estimates over each pixel, H × W.

        Args:
            back: from what was summed to the pixels of a patch, D × D; by default the identity.
            window: weight of each pixel within its patch, D; by default all equal.
        """
        length = self.values.shape[2]
        window = self.values.new_ones(length) if window is None else window
        # The factor of each pixel goes into the transform.
        back = window.diag() if back is None else window[:, None] * back
        pixels = back @ self.values.flatten(0, 1).mT
        total = _overlapped(pixels.view(length, *self.weights.shape))
        weight = _overlapped(window[:, None, None] * self.weights)
        return total / weight


def _overlapped(pixels: Tensor) -> Plane:
    """Return the sum of patches at their places, given as D × rows × columns."""
    length, rows, columns = pixels.shape
    size = math.isqrt(length)
    total = pixels.new_zeros(rows + size - 1, columns + size - 1)
    for number, plane in enumerate(pixels):
        row, column = divmod(number, size)
        total[row : row + rows, column : column + columns] += plane
    return total


def _spaced(length: int, step: int, device: torch.device) -> Tensor:
    """Return 0, step, 2 · step … and the last of ``length`` positions."""
    return torch.tensor([*range(0, length - 1, step), length - 1], device=device)
