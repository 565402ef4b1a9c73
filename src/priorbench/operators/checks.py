"""The dot test: is an operator's adjoint its adjoint?"""

from __future__ import annotations

import math

import torch

from priorbench.operators.base import LinearOperator

TOLERANCE = 1e-3
"""Relative to ‖Hx‖ ‖y‖; float32 reaches 1e-5 on images of a megapixel."""


def check_adjoint(operator: LinearOperator) -> None:
    """Check by one pair of random x and y that ⟨Hx, y⟩ = ⟨x, Hᵀy⟩: the dot test.

    Raises:
        ValueError: it is not so, or a shape is wrong.
    """
    generator = torch.Generator().manual_seed(0)
    zeros = operator.zeros()
    x = torch.rand(zeros.shape, generator=generator).to(zeros)
    seen = operator.forward(x)
    y = torch.rand(seen.shape, generator=generator).to(seen)
    back = operator.adjoint(y)
    name = type(operator).__qualname__
    if back.shape != x.shape:
        raise ValueError(
            f"{name}.adjoint returned the shape {tuple(back.shape)}, "
            f"but images have {tuple(x.shape)}"
        )
    forward = float((seen.double() * y.double()).sum())
    adjoint = float((x.double() * back.double()).sum())
    scale = float(seen.double().norm() * y.double().norm())
    if not math.isclose(forward, adjoint, rel_tol=0, abs_tol=TOLERANCE * scale + 1e-12):
        raise ValueError(
            f"{name}.adjoint is not the adjoint of {name}.forward: for random x and y, "
            f"⟨Hx, y⟩ = {forward:.6g} but ⟨x, Hᵀy⟩ = {adjoint:.6g}"
        )
