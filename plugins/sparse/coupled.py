"""Two dictionaries with the same codes: of what a small image shows, and of what it lacks."""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from priorbench.types import Patches, Plane

from .omp import Codes, pursue

FIRST = (1.0, 0.0, -1.0)
SECOND = (0.5, 0.0, -1.0, 0.0, 0.5)
"""Derivatives along an axis."""
PLANES = 4
"""Planes of features: both derivatives along both axes."""
ENERGY = 0.999
"""Share of the features' energy that their principal axes keep."""
CODES_IN_A_CHUNK = 1 << 12
RIDGE = 1e-6
"""Of the mean squared coefficient: atoms that few patches have stay small."""


@dataclass(frozen=True)
class CoupledDictionaries:
    """Features f of a patch have the code γ, Pf ≈ γ L, and the patch lacks the detail γ H.

    Args:
        axes: P, principal axes of features, one a row, D × 4n².
        low: L, one atom of norm 1 a row, K × D.
        high: H, K × n².
    """

    axes: Tensor
    low: Tensor
    high: Tensor

    def details(self, features: Patches, sparsity: int) -> Patches:
        """Return the details that features tell of, N × n², from ``sparsity`` atoms for each."""
        # A pursuit in one dictionary, a sum in the other.
        codes = pursue(features @ self.axes.mT, self.low, sparsity)
        return codes.synthesis(self.high)

    def to(self, like: Tensor) -> CoupledDictionaries:
        """Return the dictionaries with the type and on the device of another tensor."""
        return CoupledDictionaries(self.axes.to(like), self.low.to(like), self.high.to(like))


def feature_planes(plane: Plane) -> Tensor:
    """Return the first and second derivatives along both axes, 4 × H × W; the edge is repeated."""
    found = []
    for weights in (FIRST, SECOND):
        kernel = plane.new_tensor(weights)
        reach = len(weights) // 2
        for shape, padding in (
            ((1, 1, -1, 1), (0, 0, reach, reach)),
            ((1, 1, 1, -1), (reach, reach, 0, 0)),
        ):
            padded = F.pad(plane[None, None], padding, mode="replicate")
            found.append(F.conv2d(padded, kernel.view(shape))[0, 0])
    return torch.stack(found)


def on_grid(planes: Tensor, size: int, step: int) -> Patches:
    """Return the patches of planes whose corners lie on a grid, N × (planes · size²).

    Args:
        planes: P × H × W; ``step`` divides H − size and W − size.
        size: side of a patch.
        step: of the grid.
    """
    return F.unfold(planes[None], size, stride=step)[0].mT


def averaged_on_grid(patches: Patches, height: int, width: int, step: int) -> Plane:
    """Return the mean of the patches that overlap, H × W; the converse of :func:`on_grid`."""
    size = round(patches.shape[1] ** 0.5)
    total, count = (
        F.fold(each.mT[None], (height, width), size, stride=step)[0, 0]
        for each in (patches, torch.ones_like(patches))
    )
    return total / count


def principal(features: Patches) -> Tensor:
    """Return the fewest principal axes that keep :data:`ENERGY`, one a row, D × 4n²."""
    moments = (features.mT @ features).double() / len(features)
    energies, axes = torch.linalg.eigh(moments)
    kept = energies.flip(0).clamp(min=0).cumsum(0)
    count = int((kept < ENERGY * kept[-1]).sum()) + 1
    found: Tensor = axes.flip(1)[:, :count].mT.to(features).contiguous()
    return found


def least_squares(codes: Codes, atoms: int, details: Patches) -> Tensor:
    r"""Return argmin_H Σ ‖d − γH‖² + ε‖H‖², K × n².

    Args:
        codes: γ of N patches.
        atoms: K.
        details: d, N × n².
    """
    moments = details.new_zeros(atoms, atoms, dtype=torch.float64)
    products = details.new_zeros(atoms, details.shape[1], dtype=torch.float64)
    for start in range(0, len(details), CODES_IN_A_CHUNK):
        part = slice(start, start + CODES_IN_A_CHUNK)
        dense = details.new_zeros(len(details[part]), atoms)
        dense.scatter_add_(1, codes.atoms[part], codes.coefficients[part])
        moments += (dense.mT @ dense).double()
        products += (dense.mT @ details[part]).double()
    ridge = RIDGE * moments.diagonal().mean().clamp(min=torch.finfo(torch.float64).tiny)
    moments.diagonal().add_(ridge)
    found: Tensor = torch.linalg.solve(moments, products).to(details).contiguous()
    return found
