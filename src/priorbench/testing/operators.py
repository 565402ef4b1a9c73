"""Checks of the linear operators of a task's problems."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from priorbench.operators import LinearOperator
from priorbench.operators.checks import check_adjoint
from priorbench.testing.check import CheckFailed, check
from priorbench.testing.task_subject import TaskSubject

LINEAR, SOLVED, NORM = 1e-4, 1e-3, 0.02
"""Relative errors: of a sum of images, of the normal equations, of the norm."""
FIDELITY, PENALTY = 100.0, 3.0


@check("makes_a_problem")
def operator_is_linear(subject: TaskSubject) -> None:
    """H of a sum is the sum of H, and H of black is black."""
    for operator in subject.operators():
        one, other = (_random(operator.zeros(), seed) for seed in (1, 2))
        together = operator.forward(2 * one - 3 * other)
        apart = 2 * operator.forward(one) - 3 * operator.forward(other)
        if not float((together - apart).norm()) <= LINEAR * float(apart.norm()):
            raise CheckFailed(
                f"{type(operator).__qualname__}.forward is not linear: H(2x − 3z) differs from "
                "2Hx − 3Hz; it may neither clip nor add anything"
            )


@check("makes_a_problem", "operator_is_linear")
def adjoint(subject: TaskSubject) -> None:
    """⟨Hx, y⟩ = ⟨x, Hᵀy⟩ for random x and y."""
    for operator in subject.operators():
        try:
            check_adjoint(operator)
        except ValueError as error:
            raise CheckFailed(f"{error}: solvers go in wrong directions") from error


@check("makes_a_problem", "operator_is_linear", "adjoint")
def norm_of_operator(subject: TaskSubject) -> None:
    """``norm`` is ‖H‖, as the power iteration finds it."""
    for operator in subject.operators():
        told, found = operator.norm(), LinearOperator.norm(operator)
        if not math.isclose(told, found, rel_tol=NORM, abs_tol=1e-6):
            raise CheckFailed(
                f"{type(operator).__qualname__}.norm returns {told:.5g}, and power iteration finds "
                f"{found:.5g}: steps would be too long or too short"
            )


@check("makes_a_problem", "operator_is_linear", "adjoint")
def data_step(subject: TaskSubject) -> None:
    """``data_step`` solves (λHᵀH + ρI) x = λHᵀy + ρv."""
    for operator in subject.operators():
        seen = operator.forward(operator.zeros())
        # Where an observation tells nothing, solvers give zeros.
        y = operator.restrict(_random(seen, 3))
        v = _random(operator.zeros(), 4)
        x = operator.data_step(y, v, FIDELITY, PENALTY)
        right = FIDELITY * operator.adjoint(y) + PENALTY * v
        left = FIDELITY * operator.adjoint(operator.forward(x)) + PENALTY * x
        error = float((left - right).norm() / right.norm())
        if not error <= SOLVED:
            raise CheckFailed(
                f"{type(operator).__qualname__}.data_step leaves {error:.2g} of the right-hand "
                "side of its normal equations: leave it out, and the library solves them"
            )


def _random(like: Tensor, seed: int) -> Tensor:
    return torch.rand(like.shape, generator=torch.Generator().manual_seed(seed)).to(like)


OPERATORS = (operator_is_linear, adjoint, norm_of_operator, data_step)
