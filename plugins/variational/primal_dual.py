"""The primal-dual iteration of Chambolle and Pock for a data term and a regulariser."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from priorbench.types import Image

__all__ = ["CONTRAST", "Regulariser", "Solution", "minimise"]

DataStep = Callable[[Image, float], Image]
"""From v and τ to argmin_x G(x) + ‖x − v‖² / 2τ, where G is the data term."""

RELAXATION = 1.9
CONTRAST = 0.015
"""τμ, the length of a primal step times the weight of the regulariser, in intensities.

Chosen on training images for the number of iterations alone: denoising, de-blurring and inpainting
come within 0.01 dB of the minimum's PSNR in 50, 50 and 100 of them, of which ten times as much or
as little needs twice as many.
"""


class Regulariser(ABC):
    r"""R(x) = min over further fields of Σ φ(Kz), with z the image and these fields.

    Images are stacked with the fields, F × B × C × H × W; the image is the first.

    Attributes:
        fields: F.
        squared_norm: an upper bound of ‖K‖².
    """

    fields: int = 1
    squared_norm: float

    @abstractmethod
    def forward(self, z: Tensor) -> Tensor:
        """Return Kz, D × B × C × H × W."""

    @abstractmethod
    def adjoint(self, p: Tensor) -> Tensor:
        """Return Kᵀp."""

    @abstractmethod
    def project(self, p: Tensor, weight: float) -> Tensor:
        """Return the nearest p whose dual norm is at most ``weight`` at every pixel."""

    @abstractmethod
    def value(self, z: Tensor) -> float:
        """Return Σ φ(Kz)."""


@dataclass(frozen=True)
class Solution:
    """Where the iteration ended.

    Args:
        z: the image and further fields, F × B × C × H × W.
        p: the dual variable, D × B × C × H × W.
        steps: iterations done.
        timed_out: whether the deadline ended it.
    """

    z: Tensor
    p: Tensor
    steps: int
    timed_out: bool

    @property
    def image(self) -> Image:
        """Return the image."""
        return self.z[0]


def minimise(
    data_step: DataStep,
    regulariser: Regulariser,
    weight: float,
    start: Image | Solution,
    *,
    iterations: int,
    tolerance: float,
    time_left: Callable[[], float] = lambda: math.inf,
    progress: Callable[[float], None] = lambda fraction: None,
) -> Solution:
    r"""Return argmin_x G(x) + μ R(x).

    With steps τ and s, τs‖K‖² = 1,

        z̃ = prox_τG(z − τKᵀp),   p̃ = Π_μ(p + sK(2z̃ − z)),   (z, p) ← (z, p) + ρ (z̃ − z, p̃ − p).

    Chambolle & Pock 2011, doi:10.1007/s10851-010-0251-1; relaxation by ρ < 2: Condat 2013,
    doi:10.1007/s10957-012-0245-9. It ends when a step, (‖z̃ − z‖² + τ/s ‖p̃ − p‖²)^½ over the root
    of the number of pixels, is shorter than the tolerance.

    Args:
        data_step: the proximal map of G.
        regulariser: R.
        weight: μ > 0.
        start: the first image; or a former solution, whose fields and dual variable are kept.
        iterations: the most iterations.
        tolerance: in intensities.
        time_left: seconds until the deadline; after it, the image is returned as it is.
        progress: told the fraction done.
    """
    tau = CONTRAST / weight
    s = 1 / (tau * regulariser.squared_norm)
    if isinstance(start, Solution):
        z, p = start.z, start.p
    else:
        z = start.new_zeros(regulariser.fields, *start.shape)
        z[0] = start
        p = torch.zeros_like(regulariser.forward(z))
    solution = z
    for step in range(1, iterations + 1):
        solution = z - tau * regulariser.adjoint(p)
        solution[0] = data_step(solution[0], tau)
        projected = regulariser.project(p + s * regulariser.forward(2 * solution - z), weight)
        primal, dual = solution - z, projected - p
        z, p = z + RELAXATION * primal, p + RELAXATION * dual
        length = (primal.square().sum() + tau / s * dual.square().sum()) / primal[0].numel()
        progress(step / iterations)
        if length.sqrt() <= tolerance:
            return Solution(solution, projected, step, timed_out=False)
        if time_left() < 0:
            return Solution(solution, projected, step, timed_out=step < iterations)
    return Solution(solution, projected, iterations, timed_out=False)
