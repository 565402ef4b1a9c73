"""A mask: some pixels are known, the others are missing."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from priorbench.operators.base import Arguments, LinearOperator, check_weights
from priorbench.types import Image, Observation


class Mask(LinearOperator):
    """H = diag(m) with m in {0, 1}: the operator of inpainting.

    A missing pixel is 0 in the observation, which keeps the image's shape.

    Args:
        known: bool, C × H × W; true where the pixel is observed.

    Raises:
        ValueError: ``known`` is not a bool tensor of three dimensions, or nothing is known.
    """

    name = "mask"

    def __init__(self, known: Tensor) -> None:
        if known.ndim != 3 or known.dtype != torch.bool:
            raise ValueError(
                "known must be a bool tensor C × H × W, "
                f"not {known.dtype} of shape {tuple(known.shape)}"
            )
        if not known.flatten(1).any(dim=1).all():
            raise ValueError("a mask must leave at least one pixel of every channel known")
        super().__init__((known.shape[0], known.shape[1], known.shape[2]))
        self.known = known

    def forward(self, x: Image) -> Observation:
        """Return m ⊙ x."""
        return x * self.known

    def adjoint(self, y: Observation) -> Image:
        """Return m ⊙ y; H is symmetric."""
        return y * self.known

    def arguments(self) -> Arguments:
        """Return the mask."""
        return {"known": self.known}

    def restrict(self, y: Observation) -> Observation:
        """Return m ⊙ y."""
        return y * self.known

    def norm(self) -> float:
        """Return 1: something is known."""
        return 1.0

    def data_step(self, y: Observation, v: Image, fidelity: float, penalty: float) -> Image:
        """Return (λ m ⊙ y + ρv) / (λm + ρ), elementwise."""
        check_weights(fidelity, penalty)
        weight = fidelity * self.known.to(v.dtype)
        return (weight * y + penalty * v) / (weight + penalty)

    def estimate(self, y: Observation) -> Image:
        """Return y with the missing pixels interpolated from the known ones.

        Linear on the Delaunay triangulation of the known pixels, nearest outside their hull.
        """
        filled = y.clone()
        masks, which = torch.unique(self.known, dim=0, return_inverse=True)
        for index, mask in enumerate(masks):
            # Channels with the same missing pixels share one triangulation, which is what costs
            # time.
            planes = filled[:, which == index].flatten(0, 1).cpu().numpy()
            fill = torch.from_numpy(_interpolate(planes, mask.cpu().numpy())).to(filled)
            filled[:, which == index] = fill.reshape(len(y), -1, *mask.shape)
        return filled


def _interpolate(planes: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Fill each of ``planes`` (N × H × W) where ``known`` (H × W) is false."""
    # Each job would pay half a second for an import that only starting points need.
    from scipy.interpolate import griddata

    points, values, missing = np.argwhere(known), planes[:, known].T, np.argwhere(~known)
    # All planes at once: the triangulation depends on the points alone.
    fill = np.full((len(missing), len(planes)), np.nan)
    # Points on one line have no triangulation.
    spans_a_plane = np.linalg.matrix_rank(points - points[0]) == 2
    if spans_a_plane:
        fill = griddata(points, values, missing, method="linear")
    # griddata gives NaN outside the points' convex hull.
    outside = np.isnan(fill[:, 0])
    if outside.any():
        fill[outside] = griddata(points, values, missing[outside], method="nearest")
    result = planes.copy()
    result[:, ~known] = fill.T
    return result
