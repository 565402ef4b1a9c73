"""What is minimised: how far the image is from the observation, and its total variation if that is wanted."""

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
"""Photons below which a pixel's expected count is taken for this many, so that its logarithm exists."""

SMOOTHING = 1e-3
"""δ: gradients below it count less than their length."""


class _Applied(Function):
    """x ↦ Hx with the operator's own adjoint for the gradient: an operator need not be differentiable by torch."""

    @staticmethod
    def forward(ctx: Any, x: Image, operator: LinearOperator) -> Observation:
        ctx.operator = operator
        return operator.forward(x)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        return ctx.operator.adjoint(gradients[0].contiguous()), None


_apply: Callable[..., Observation] = _Applied.apply


class Objective:
    """The loss of an image f: the mean over the observed numbers of (Hf - y)², plus w · mean |∇f|.

    With Poisson noise the first is the mean of 2 (Hf - y log Hf) / peak, whose second derivative at Hf = y is that of
    (Hf - y)² weighted with the inverse of the noise's variance y / peak, times peak⁻².

    Args:
        problem: y, H and the kind of noise; without H the observation is taken for an image itself.
        held_out: true at observed numbers that are kept from the loss, of the shape of y; None for none.
        total_variation: w.
    """

    def __init__(
        self, problem: Problem, held_out: Tensor | None = None, total_variation: float = 0.0
    ) -> None:
        self.operator, self.y, self.peak = problem.linear_operator, problem.y, problem.peak
        seen = torch.ones_like(problem.y)
        if self.operator is not None:
            # A number that H never reaches says nothing: the pixels that a mask hides.
            seen = (self.operator.restrict(seen) != 0).to(seen)
        self.held_out = None if held_out is None else seen * held_out
        self.used = seen if self.held_out is None else seen - self.held_out
        self.count = float(self.used.sum())
        self.total_variation = total_variation

    def observe(self, image: Image) -> Observation:
        """Return Hf, differentiable."""
        return image if self.operator is None else _apply(image, self.operator)

    def loss(self, image: Image) -> tuple[Tensor, Tensor]:
        """Return what is minimised, and the mean of (Hf - y)² over the numbers in use."""
        observed = self.observe(image)
        error = ((observed - self.y).square() * self.used).sum() / self.count
        loss = error
        if self.peak is not None:
            expected = observed.clamp(min=DARK / self.peak)
            loss = (
                2
                * ((expected - self.y * expected.log()) * self.used).sum()
                / (self.count * self.peak)
            )
        if self.total_variation:
            loss = loss + self.total_variation * total_variation(image)
        return loss, error.detach()

    @torch.no_grad()
    def errors(self, image: Image) -> tuple[float, float]:
        """Return the mean of (Hf - y)² over the numbers in use, and over those held out (NaN without any)."""
        squares = (self.observe(image) - self.y).square()
        error = float((squares * self.used).sum() / self.count)
        if self.held_out is None:
            return error, float("nan")
        return error, float((squares * self.held_out).sum() / self.held_out.sum())


def hold_out(problem: Problem, fraction: float, generator: torch.Generator) -> Tensor:
    """Choose pixels of the observation at random, in all channels, and return true there.

    Args:
        problem: the problem.
        fraction: how many, from 0 to 1.
        generator: chooses.
    """
    _, _, height, width = problem.y.shape
    chosen = torch.rand(1, 1, height, width, generator=generator) < fraction
    return chosen.to(problem.y.device).expand_as(problem.y)


def total_variation(image: Image) -> Tensor:
    """Return the mean over pixels of √(|∇f|² + δ²), δ = 10⁻³, with forward differences."""
    down = image[:, :, 1:, :-1] - image[:, :, :-1, :-1]
    across = image[:, :, :-1, 1:] - image[:, :, :-1, :-1]
    return (down.square() + across.square() + SMOOTHING**2).sqrt().mean()
