"""Checks of generators."""

from __future__ import annotations

import math

import torch

from priorbench.priors import Generator
from priorbench.testing.check import CheckFailed, check
from priorbench.testing.prior_subject import PriorSubject
from priorbench.types import Codes

COUNT = 5
SIGMA = 0.1


@check("restores")
def generator_shapes(subject: PriorSubject) -> None:
    """``decode`` gives N × T × T, ``encode`` N × L, in the type of what they get."""
    prior = _generator(subject)
    codes = _codes(prior)
    tiles = prior.decode(codes)
    wanted = (COUNT, prior.tile_size, prior.tile_size)
    if tuple(tiles.shape) != wanted or tiles.dtype != codes.dtype:
        raise CheckFailed(
            f"decode returns {tuple(tiles.shape)} in {tiles.dtype}: "
            f"return {wanted} in {codes.dtype}, N × tile_size × tile_size"
        )
    found = prior.encode(tiles.detach(), SIGMA)
    if found.shape != codes.shape or found.dtype != codes.dtype:
        raise CheckFailed(
            f"encode returns {tuple(found.shape)} in {found.dtype}: "
            f"return {tuple(codes.shape)} in {codes.dtype}, N × latent_size"
        )


@check("restores", "generator_shapes")
def generator_differentiable(subject: PriorSubject) -> None:
    """Gradients of ``decode`` reach the codes, and are right along a random direction."""
    prior = _generator(subject)
    codes = _codes(prior).requires_grad_()
    total = prior.decode(codes).square().sum()
    if not total.requires_grad:
        raise CheckFailed(
            "decode gives no gradient of the codes, which the search follows: compute with torch, "
            "without detach, numpy or no_grad"
        )
    (gradient,) = torch.autograd.grad(total, codes)
    direction = torch.randn(codes.shape, generator=torch.Generator().manual_seed(2))
    step = 1e-3
    with torch.no_grad():
        ahead, behind = (
            prior.decode(codes + sign * step * direction).double().square().sum()
            for sign in (1, -1)
        )
    slope, told = float((ahead - behind) / (2 * step)), float((gradient * direction).sum())
    if not math.isclose(slope, told, rel_tol=0.1, abs_tol=0.02 * max(1.0, float(total.detach()))):
        raise CheckFailed(
            f"along a random direction Σ decode(z)² rises by {slope:.4g}, and its gradient says "
            f"{told:.4g}: decode must be deterministic and differentiable"
        )


@check("restores", "generator_shapes")
def generator_one_by_one(subject: PriorSubject) -> None:
    """A tile of several is decoded as it would be alone."""
    prior = _generator(subject)
    codes = _codes(prior)
    with torch.no_grad():
        difference = float((prior.decode(codes)[:1] - prior.decode(codes[:1])).abs().max())
    if not difference <= 1e-4:
        raise CheckFailed(
            f"a tile differs by up to {difference:.2g} when others are decoded with it: "
            "a network must be in eval mode, where normalisation takes no statistics of its batch"
        )


@check("restores", "generator_shapes")
def generator_deviation(subject: PriorSubject) -> None:
    """``deviation`` is a finite standard deviation, on [0, 1]."""
    prior = _generator(subject)
    deviation = prior.deviation(_codes(prior))
    if not 0 <= deviation < 1:
        raise CheckFailed(f"deviation returns {deviation}: return a number from 0 to 1")


def _generator(subject: PriorSubject) -> Generator:
    found: Generator = subject.of_class(Generator)
    return found


def _codes(prior: Generator) -> Codes:
    shape = (COUNT, prior.latent_size)
    return torch.randn(shape, generator=torch.Generator().manual_seed(1))


GENERATORS = (
    generator_shapes,
    generator_differentiable,
    generator_one_by_one,
    generator_deviation,
)
