"""How well the image of a network explains an observation, for networks fitted to one image."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.autograd import Function

from priorbench.numerics.constants import NOISE_FLOOR
from priorbench.operators import Identity, LinearOperator
from priorbench.problem import Problem
from priorbench.types import Image, Observation

__all__ = ["DataTerm", "data_consistent"]

DARK = 1e-3
"""Least expected photon count of a pixel, so that its logarithm exists."""


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


def data_consistent(image: Image, problem: Problem) -> Image:
    """Return argmin_x ‖Hx - y‖²/σ² + ‖x - f‖²/s², s² the error of f as its residual shows it.

    It gives back what the observation determines: the known pixels of an inpainting, and in
    general what H hardly weakens.

    Args:
        image: f.
        problem: y, H and σ; with Poisson noise, or without H, f is returned.
    """
    operator = problem.linear_operator
    if operator is None or isinstance(operator, Identity) or problem.peak is not None:
        return image
    residual = float((operator.forward(image) - problem.y).square().mean())
    noise = max(problem.sigma, NOISE_FLOOR) ** 2
    penalty = 1 / max(residual, noise)
    return operator.data_step(problem.y, image, fidelity=1 / noise, penalty=penalty)
