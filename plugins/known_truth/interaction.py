"""How the observation ties tiles together."""

from __future__ import annotations

import numpy as np
import torch
from scipy.sparse import csr_array, vstack
from torch import Tensor

from priorbench import NotApplicable
from priorbench.numerics.constants import NOISE_FLOOR
from priorbench.problem import Problem

from .field import MEAN
from .parameters import TILE

MOST_PIXELS = 64 * 64
"""HᵀH is applied to each of them."""
NEGLIGIBLE = 1e-12
PIXELS = TILE * TILE


class Group:
    """Tiles that do not interact, and how they are observed.

    Attributes:
        numbers: of the tiles, n.
        own: the blocks HₜᵀHₜ / σ², n × 64 × 64.

    Args:
        numbers: of the tiles.
        gram: HᵀH / σ², its rows and columns in the order of the tiles.
        data: Hᵀy / σ², likewise.
    """

    def __init__(self, numbers: list[int], gram: csr_array, data: np.ndarray) -> None:
        self.numbers = torch.tensor(numbers)
        rows = (self.numbers[:, None] * PIXELS + torch.arange(PIXELS)).flatten().numpy()
        self._gram, self._data = gram[rows], data[rows]
        blocks = [
            gram[at : at + PIXELS, at : at + PIXELS].toarray()
            for at in (PIXELS * number for number in numbers)
        ]
        self.own = torch.from_numpy(np.stack(blocks))

    def pull(self, tiles: Tensor) -> Tensor:
        """Return b = Hₜᵀ(y − H x₋ₜ − Hₜ ½) / σ² of each tile, n × 64.

        Args:
            tiles: x, all tiles × 64.
        """
        left = torch.from_numpy(self._data - self._gram @ tiles.flatten().numpy())
        with_own = (self.own @ (tiles[self.numbers] - MEAN)[..., None])[..., 0]
        return left.view(-1, PIXELS) + with_own


class Interaction:
    """HᵀH / σ² and Hᵀy / σ² of a problem, by tiles.

    Attributes:
        groups: all tiles, in groups of which no two interact.

    Raises:
        NotApplicable: the image is larger than 64 × 64, not gray, or not made of whole tiles.
    """

    def __init__(self, problem: Problem) -> None:
        channels, height, width = problem.image_shape
        if channels > 1 or height * width > MOST_PIXELS or height % TILE or width % TILE:
            raise NotApplicable(
                "the exact posterior is for gray images of at most 64 × 64 pixels whose sides are "
                f"multiples of {TILE}, not {height} × {width} × {channels}"
            )
        operator = problem.operator.to(dtype=torch.float64)
        precision = max(problem.sigma, NOISE_FLOOR) ** -2
        # Pixels in the order of the tiles: those of a tile follow one another.
        order = torch.arange(height * width).view(height // TILE, TILE, width // TILE, TILE)
        order = order.transpose(1, 2).reshape(-1, PIXELS)
        flat = order.flatten()
        rows = []
        for pixels in order:
            impulses = torch.zeros(PIXELS, height * width, dtype=torch.float64)
            impulses[torch.arange(PIXELS), pixels] = 1.0
            images = impulses.view(-1, 1, height, width)
            seen = precision * operator.adjoint(operator.forward(images)).flatten(1)[:, flat]
            # What rounding leaves of the Fourier transform would tie all tiles together.
            seen[seen.abs() < NEGLIGIBLE * precision] = 0.0
            rows.append(csr_array(seen.numpy()))
        gram = vstack(rows, format="csr")
        y = precision * operator.adjoint(operator.restrict(problem.y.double()))
        data = y.flatten()[flat].numpy()
        self.groups = [Group(each, gram, data) for each in independent_sets(neighbours(gram))]


def neighbours(gram: csr_array) -> list[set[int]]:
    """Return which others each tile interacts with."""
    rows, columns = gram.nonzero()
    found: list[set[int]] = [set() for _ in range(gram.shape[0] // PIXELS)]
    for first, second in np.unique(np.stack([rows // PIXELS, columns // PIXELS], 1), axis=0):
        if first != second:
            found[int(first)].add(int(second))
    return found


def independent_sets(neighbours: list[set[int]]) -> list[list[int]]:
    """Return sets of tiles without neighbours in their own set, chosen greedily."""
    sets: list[list[int]] = []
    for tile, own in enumerate(neighbours):
        home = next((each for each in sets if not own.intersection(each)), None)
        if home is None:
            sets.append([tile])
        else:
            home.append(tile)
    return sets
