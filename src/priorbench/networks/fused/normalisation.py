"""Batch normalisation of one image's map and the activation after it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.autograd import Function

from priorbench.networks.layers import EPSILON
from priorbench.numerics.threads import each

from .bands import band_count


@dataclass(frozen=True)
class Affine:
    """n = (u - mean) · deviation⁻¹ · gamma + beta, a = n or slope · n, with the map's own moments.

    Args:
        mean: C.
        inverse: 1 / √(variance + ε), C.
        scale: gamma / √(variance + ε), C.
        shift: beta - mean · scale, C.
        slope: of the activation where n < 0; 1 for none.
    """

    mean: Tensor
    inverse: Tensor
    scale: Tensor
    shift: Tensor
    slope: float

    @classmethod
    def of(cls, u: Tensor, gamma: Tensor, beta: Tensor, slope: float) -> Affine:
        """Measure the map u, H × W × C."""
        counts = u.new_tensor([band.stop - band.start for band in bands(u)])[:, None] / u.shape[0]
        parts = torch.stack(each(lambda rows: _moments(u[rows]), bands(u)))
        mean = (counts * parts[:, 0]).sum(0)
        variance = (counts * (parts[:, 1] + (parts[:, 0] - mean) ** 2)).sum(0)
        inverse = (variance + EPSILON).rsqrt()
        scale = gamma * inverse
        return cls(mean, inverse, scale, beta - mean * scale, slope)


def _moments(u: Tensor) -> Tensor:
    """Return mean and variance of some rows, 2 × C; much faster here than ``torch.var_mean``."""
    count = u.shape[0] * u.shape[1]
    mean = u.sum((0, 1)) / count
    return torch.stack([mean, (u - mean).square_().sum((0, 1)) / count])


def bands(u: Tensor) -> list[slice]:
    """Return slices of rows of about a band's size."""
    count = min(band_count(u.numel()), u.shape[0])
    return [slice(u.shape[0] * i // count, u.shape[0] * (i + 1) // count) for i in range(count)]


def activate_(u: Tensor, affine: Affine, out: Tensor) -> None:
    """Write act(norm(u)) to ``out``."""
    torch.addcmul(affine.shift, u, affine.scale, out=out)
    if affine.slope != 1:
        F.leaky_relu_(out, affine.slope)


def activation_gradient(da: Tensor, a: Tensor, u: Tensor, affine: Affine, out: Tensor) -> Tensor:
    """Write the gradient of n to ``out``; return its sums with 1 and the normalised u, 2 × C."""
    if affine.slope == 1:
        out.copy_(da)
    else:
        torch.ops.aten.leaky_relu_backward.grad_input(da, a, affine.slope, True, grad_input=out)
    total, product = out.sum((0, 1)), (u * out).sum((0, 1))
    return torch.stack([total, (product - affine.mean * total) * affine.inverse])


def normalisation_gradient_(
    dn: Tensor, u: Tensor, affine: Affine, sums: Tensor, gamma: Tensor
) -> tuple[Tensor, Tensor]:
    """Turn the gradient of n into that of u, in place; return the gradients of gamma and beta."""
    count = u.shape[0] * u.shape[1]
    total, product = sums
    tilt = -affine.scale * affine.inverse * product / count
    offset = -affine.scale * total / count - tilt * affine.mean

    def work(rows: slice) -> None:
        others = torch.addcmul(offset, u[rows], tilt)
        torch.addcmul(others, dn[rows], affine.scale, out=dn[rows])

    each(work, bands(u))
    return product, total


class NormActivate(Function):
    """u ↦ act(norm(u)) of H × W × C."""

    @staticmethod
    def forward(ctx: Any, u: Tensor, gamma: Tensor, beta: Tensor, slope: float) -> Tensor:
        """Return the activated map."""
        affine = Affine.of(u, gamma, beta, slope)
        out = torch.empty_like(u)
        each(lambda rows: activate_(u[rows], affine, out[rows]), bands(u))
        ctx.save_for_backward(u, gamma)
        ctx.affine = affine
        return out

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        """Return the gradients of u, gamma and beta."""
        u, gamma = ctx.saved_tensors
        affine = ctx.affine
        gradient = gradients[0]
        du = torch.empty_like(u)

        def work(rows: slice) -> Tensor:
            active = torch.empty_like(u[rows])
            activate_(u[rows], affine, active)
            return activation_gradient(gradient[rows], active, u[rows], affine, du[rows])

        sums = torch.stack(each(work, bands(u))).sum(0)
        dgamma, dbeta = normalisation_gradient_(du, u, affine, sums, gamma)
        return du, dgamma, dbeta, None
