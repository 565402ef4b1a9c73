"""How alike two mixtures are, component by component."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from scipy.optimize import linear_sum_assignment
from torch import Tensor

from ..components import leading

PERMUTATIONS = 5000
CONTROLS = 39
"""Scrambled mixtures; the smallest p-value that they can give is 1 in 40."""


def shape_divergences(first: Tensor, second: Tensor) -> Tensor:
    r"""Return the symmetric Kullback–Leibler divergence of all pairs of Gaussians, in nats.

    It is that at their best relative scale,

        min over s of KL(N(0, sA) ‖ N(0, B)) + KL(N(0, B) ‖ N(0, sA)) = √(tr(B⁻¹A) tr(A⁻¹B)) − d,

    which is 0 exactly where one covariance is a scaled copy of the other.

    Args:
        first: A, K × d × d, positive definite.
        second: B, L × d × d, positive definite.

    Returns:
        K × L.
    """

    def traces(inverted: Tensor, other: Tensor) -> Tensor:
        precisions: Tensor = torch.linalg.inv(inverted)
        return precisions.flatten(1) @ other.flatten(1).mT

    products = traces(second, first).mT * traces(first, second)
    return (products.sqrt() - first.shape[-1]).clamp(min=0)


def match(distances: Tensor) -> tuple[Tensor, Tensor]:
    """Return the rows and the columns of the pairs whose distances have the least sum.

    Each is used once at most.
    """
    rows, columns = linear_sum_assignment(distances.numpy())
    return torch.from_numpy(rows), torch.from_numpy(columns)


def principal_angles(first: Tensor, second: Tensor) -> Tensor:
    """Return the principal angles of all pairs of subspaces in degrees, K × L × m, smallest first.

    The cosines are the singular values of UᵀV (Björck & Golub 1973,
    doi:10.1090/S0025-5718-1973-0348991-3).

    Args:
        first: U, K × D × m, orthonormal columns.
        second: V, L × D × m, orthonormal columns.
    """
    return _angles(torch.einsum("kdi,ldj->klij", first, second))


def scramble(covariances: Tensor, generator: torch.Generator) -> Tensor:
    r"""Return covariances that have lost their own shapes, but not what is common to all of them.

    With A = Σₖ / tr Σₖ, S the mean of all A, and R a random rotation for each:

        S^½ R (S^−½ A S^−½) Rᵀ S^½.

    Args:
        covariances: Σ, K × d × d, positive definite.
        generator: randomness.
    """
    shapes = covariances / covariances.diagonal(dim1=1, dim2=2).sum(1)[:, None, None]
    values, axes = torch.linalg.eigh(shapes.mean(0))
    root, inverse = (axes * values.pow(power) @ axes.mT for power in (0.5, -0.5))
    # Q of a Gaussian matrix is a random rotation or reflection; for R A Rᵀ they are alike.
    rotations = torch.linalg.qr(
        torch.randn(covariances.shape, dtype=torch.float64, generator=generator)
    ).Q
    result: Tensor = root @ rotations @ inverse @ shapes @ inverse @ rotations.mT @ root
    # Rounding leaves the product not quite symmetric.
    return (result + result.mT) / 2


@dataclass(frozen=True)
class Alignment:
    """The angles between the leading subspaces of the components of two mixtures.

    Args:
        angles: of all pairs, K × L × m, in degrees.
        rows: of the matched pairs.
        columns: of the matched pairs.
        scrambled: of the pairs that are matched when the second mixture is scrambled,
            control × pair × m.
    """

    angles: Tensor
    rows: Tensor
    columns: Tensor
    scrambled: Tensor

    @property
    def matched(self) -> Tensor:
        """The angles of the matched pairs, n × m."""
        return self.angles[self.rows, self.columns]

    @property
    def others(self) -> Tensor:
        """The angles of all other pairs, of which random pairing would take some, n × m."""
        other = torch.ones(self.angles.shape[:2], dtype=torch.bool)
        other[self.rows, self.columns] = False
        return self.angles[other]

    def against_random_pairs(self) -> float:
        """Return the p-value: how often a random pairing has as small a mean angle."""
        mean = self.angles.mean(-1).numpy()
        # Every component of the smaller mixture gets a partner.
        if mean.shape[0] > mean.shape[1]:
            mean = mean.T
        generator = np.random.default_rng(0)
        pairings = generator.permuted(np.tile(np.arange(mean.shape[1]), (PERMUTATIONS, 1)), axis=1)
        return self._p_value(mean[np.arange(len(mean)), pairings[:, : len(mean)]].mean(1))

    def against_scrambled(self) -> float:
        """Return the p-value: how often a match of scrambled components has as small a mean angle.

        Any two large mixtures have some components that are alike. This is as large a chance to
        find them.
        """
        return self._p_value(self.scrambled.mean((1, 2)).numpy())

    def _p_value(self, drawn: np.ndarray) -> float:
        return float((1 + (drawn <= float(self.matched.mean())).sum()) / (1 + len(drawn)))


def align(first: Tensor, second: Tensor, axes: int) -> Alignment:
    """Match components by their shape, and measure the angles between their leading eigenvectors.

    Args:
        first: covariances, K × d × d, positive definite.
        second: covariances, L × d × d, positive definite.
        axes: m, how many eigenvectors of each.
    """
    generator = torch.Generator().manual_seed(0)
    subspaces = leading(first, axes)
    rows, columns = match(shape_divergences(first, second))
    controls = []
    for _ in range(CONTROLS):
        control = scramble(second, generator)
        own, other = match(shape_divergences(first, control))
        pairs = torch.einsum("kdi,kdj->kij", subspaces[own], leading(control[other], axes))
        controls.append(_angles(pairs))
    angles = principal_angles(subspaces, leading(second, axes))
    return Alignment(angles, rows, columns, torch.stack(controls))


def _angles(products: Tensor) -> Tensor:
    cosines: Tensor = torch.linalg.svdvals(products)
    # Rounding may leave a cosine just above 1.
    return cosines.clamp(max=1).arccos().rad2deg()
