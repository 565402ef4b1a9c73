"""What a network's image costs: its distance from the observation, and regularisers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.autograd import Function

from priorbench.operators import LinearOperator
from priorbench.problem import Problem
from priorbench.types import Image, Observation

DARK = 1e-3
"""Least expected photon count of a pixel, so that its logarithm exists."""

SMOOTHING = 1e-3
"""δ of the total variation: gradients below it count less than their length."""

RISK_STEP = 1e-2
"""Length of the finite difference that estimates a divergence."""


class _Applied(Function):
    """x ↦ Hx with the operator's own adjoint as its derivative, so H needs no autograd."""

    @staticmethod
    def forward(ctx: Any, x: Image, operator: LinearOperator) -> Observation:
        ctx.operator = operator
        return operator.forward(x)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        return ctx.operator.adjoint(gradients[0].contiguous()), None


_apply: Callable[..., Observation] = _Applied.apply


class DataTerm:
    """The mean over the fitted numbers of (Hf - y)² for an image f.

    With Poisson noise it is the mean of 2 (Hf - y log Hf) / peak.
    Its second derivative at Hf = y is that of (Hf - y)² weighted with the inverse of the noise's
    variance y / peak, times peak⁻².

    Args:
        problem: y, H and the kind of noise; without H the observation is taken for an image.
        held_out: true at observed numbers that are not fitted, of the shape of y; None for none.
    """

    def __init__(self, problem: Problem, held_out: Tensor | None = None) -> None:
        self.operator, self.y, self.peak = problem.linear_operator, problem.y, problem.peak
        seen = torch.ones_like(problem.y)
        if self.operator is not None:
            # Numbers that H never reaches carry no information: the pixels that a mask hides.
            seen = (self.operator.restrict(seen) != 0).to(seen)
        self.held_out = None if held_out is None else seen * held_out
        self.fitted = seen if self.held_out is None else seen - self.held_out
        self.count = float(self.fitted.sum())

    def observe(self, image: Image) -> Observation:
        """Return Hf, differentiable."""
        return image if self.operator is None else _apply(image, self.operator)

    def __call__(self, image: Image) -> tuple[Tensor, Tensor]:
        """Return the term, and the mean of (Hf - y)² without gradient."""
        observed = self.observe(image)
        error = ((observed - self.y).square() * self.fitted).sum() / self.count
        if self.peak is None:
            return error, error.detach()
        expected = observed.clamp(min=DARK / self.peak)
        cost = ((expected - self.y * expected.log()) * self.fitted).sum()
        return 2 * cost / (self.count * self.peak), error.detach()

    @torch.no_grad()
    def errors(self, image: Image) -> tuple[float, float]:
        """Return the means of (Hf - y)² over fitted and over held-out numbers, NaN without any."""
        squares = (self.observe(image) - self.y).square()
        error = float((squares * self.fitted).sum() / self.count)
        if self.held_out is None:
            return error, float("nan")
        return error, float((squares * self.held_out).sum() / self.held_out.sum())


def hold_out(problem: Problem, fraction: float, generator: torch.Generator) -> Tensor:
    """Return true at a random fraction, from 0 to 1, of the observation's pixels, all channels."""
    _, _, height, width = problem.y.shape
    chosen = torch.rand(1, 1, height, width, generator=generator) < fraction
    return chosen.to(problem.y.device).expand_as(problem.y)


def total_variation(image: Image) -> Tensor:
    """Return the mean over pixels of √(|∇f|² + δ²), δ = 10⁻³, with forward differences."""
    down = image[:, :, 1:, :-1] - image[:, :, :-1, :-1]
    across = image[:, :, :-1, 1:] - image[:, :, :-1, :-1]
    return (down.square() + across.square() + SMOOTHING**2).sqrt().mean()


def stein_risk(
    function: Callable[[Tensor], Image],
    z: Tensor,
    image: Image,
    sigma: float,
    generator: torch.Generator,
) -> Tensor:
    """Return 2σ² times a Monte-Carlo estimate of the divergence per pixel of f at z = y.

    Added to the data term it gives Stein's unbiased estimate of the risk but for a constant.
    Ramani, Blu & Unser 2008, doi:10.1109/TIP.2008.2001404; with this prior Jo, Chun & Choi 2021,
    arXiv 2108.12841.

    Args:
        function: f, whose image is the upper left part of z's size.
        z: where.
        image: f(z).
        sigma: σ of the noise.
        generator: draws the direction of the finite difference.
    """
    direction = torch.randn(image.shape, generator=generator).to(z.device)
    padding = (0, z.shape[3] - image.shape[3], 0, z.shape[2] - image.shape[2])
    moved = function(z + RISK_STEP * torch.nn.functional.pad(direction, padding))
    return 2 * sigma**2 * (direction * (moved - image)).mean() / RISK_STEP
