"""Checks of the densities of patch priors: that they integrate to 1 and that samples are theirs."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from priorbench.errors import NotApplicable
from priorbench.numerics.patches import mean_free_basis
from priorbench.priors import PatchPrior
from priorbench.testing.check import CheckFailed, Skipped, check
from priorbench.testing.patch_priors import low_dimensional, patch_prior, patches_of
from priorbench.testing.prior_subject import PriorSubject
from priorbench.types import Patches

DRAWN = 400_000
CHUNK = 50_000
OCTAVES = range(-8, 7)
"""Spreads of the proposal's Gaussians, as powers of 2 of that of a photograph's patches."""
INTEGRAL_TOLERANCE, MOST_UNCERTAIN = 0.02, 0.05
ERRORS = 5
"""Standard errors that a mean may lie from what it should be."""
SAMPLES, DIRECTIONS, STEP = 4000, 8, 0.02
STEIN_TOLERANCE = 0.05
MEAN_SHIFT, SAME = 0.1, 1e-3


@check("restores", "patch_shapes")
def density_integrates_to_one(subject: PriorSubject) -> None:
    """exp(log_prob) integrates to 1, on patches of 2 × 2 pixels."""
    prior = low_dimensional(subject)
    estimate = _integral(prior)
    if estimate.error > MOST_UNCERTAIN:
        raise Skipped(
            f"its integral could not be found: {estimate.mean:.3g} ± {estimate.error:.2g}"
        )
    if not abs(estimate.mean - 1) <= INTEGRAL_TOLERANCE + ERRORS * estimate.error:
        raise CheckFailed(
            f"exp(log_prob) integrates to {estimate.mean:.3g} ± {estimate.error:.2g} over patches "
            f"of {prior.patch_size} × {prior.patch_size}, {_dimensions(prior)} dimensions: add the "
            "logarithm of the normalising constant, in nats"
        )


@check("restores", "patch_shapes")
def samples_match_density(subject: PriorSubject) -> None:
    """Patches from ``sample`` are distributed as ``log_prob`` says, by Stein's identity."""
    prior = patch_prior(subject)
    try:
        samples = prior.sample(SAMPLES, torch.Generator().manual_seed(4))
    except NotApplicable as error:
        raise Skipped(f"it draws no patches: {error}") from error
    wanted = (SAMPLES, prior.patch_size**2)
    if tuple(samples.shape) != wanted or samples.dtype != torch.float32:
        raise CheckFailed(
            f"sample returns {tuple(samples.shape)} in {samples.dtype}: return {wanted} in float32"
        )
    again = prior.sample(SAMPLES, torch.Generator().manual_seed(4))
    if not torch.equal(samples, again):
        raise CheckFailed("sample gives others with the same generator: draw from it alone")
    for estimate in _stein(prior, samples):
        if not abs(estimate.mean + 1) <= STEIN_TOLERANCE + ERRORS * estimate.error:
            raise CheckFailed(
                "along a direction u, the mean of (uᵀx) uᵀ∇log p(x) over samples x is "
                f"{estimate.mean:.3g} ± {estimate.error:.2g}, and −1 for samples of p: "
                "sample and log_prob are of different densities"
            )


@dataclass(frozen=True)
class Estimate:
    """A mean over random draws.

    Args:
        mean: the mean.
        error: its standard error.
    """

    mean: float
    error: float

    @classmethod
    def of(cls, values: Tensor) -> Estimate:
        """Return the mean of values and its standard error."""
        exact = values.double()
        return cls(float(exact.mean()), float(exact.std()) / math.sqrt(len(exact)))


@torch.no_grad()
def _integral(prior: PatchPrior) -> Estimate:
    """Return ∫ exp(log p) by importance sampling.

    The proposal is an equal mixture of Gaussians with the covariance of a photograph's patches at
    spreads from 2⁻⁸ to 2⁶ of theirs, so that it is as peaked and as heavy in its tails as any
    density of natural patches.
    """
    basis = _basis(prior)
    coordinates = patches_of(prior.patch_size, 4000).double() @ basis
    centre = coordinates.mean(0)
    covariance = torch.cov(coordinates.mT) + 1e-6 * torch.eye(basis.shape[1], dtype=torch.float64)
    factor = torch.linalg.cholesky(covariance)
    generator = torch.Generator().manual_seed(5)
    scales = torch.tensor([2.0**octave for octave in OCTAVES], dtype=torch.float64)
    weights = []
    for _ in range(DRAWN // CHUNK):
        scale = scales[torch.randint(len(scales), (CHUNK, 1), generator=generator)]
        shape = (CHUNK, basis.shape[1])
        standard = scale * torch.randn(shape, generator=generator, dtype=torch.float64)
        patches = (centre + standard @ factor.mT) @ basis.mT
        proposed = _log_mixture(standard, scales) - factor.diagonal().log().sum()
        weights.append((prior.log_prob(patches.float()).double() - proposed).exp())
    return Estimate.of(torch.cat(weights))


def _log_mixture(standard: Tensor, scales: Tensor) -> Tensor:
    """Return log of the mean over scales s of N(x; 0, s²I), for x one a row."""
    dimensions = standard.shape[1]
    squared = standard.square().sum(1, keepdim=True)
    constant = 0.5 * dimensions * math.log(2 * math.pi)
    each = -0.5 * squared / scales.square() - dimensions * scales.log() - constant
    return torch.logsumexp(each, 1) - math.log(len(scales))


@torch.no_grad()
def _stein(prior: PatchPrior, samples: Patches) -> list[Estimate]:
    """Return the mean of (uᵀx) uᵀ∇log p(x) along some directions u: −1 each if x ~ p.

    This is Stein's identity E[uᵀx · uᵀ∇log p(x)] = −1, which holds for any smooth density. The
    derivative is a difference along x ± ε (uᵀx) u, so its step fits samples of every contrast.
    """
    basis = _basis(prior)
    generator = torch.Generator().manual_seed(6)
    size = (DIRECTIONS, basis.shape[1])
    drawn = torch.randn(size, generator=generator, dtype=torch.float64) @ basis.mT
    found = []
    for direction in torch.nn.functional.normalize(drawn, dim=1).float():
        along = (samples @ direction)[:, None] * direction
        ahead, behind = (prior.log_prob(samples + sign * STEP * along) for sign in (1, -1))
        found.append(Estimate.of((ahead.double() - behind.double()) / (2 * STEP)))
    return found


def _basis(prior: PatchPrior) -> Tensor:
    """Return an orthonormal basis of the patches that a density is of, D × d.

    Where log p does not depend on the mean of a patch, it is the density of the D − 1 others.
    """
    patches = patches_of(prior.patch_size)
    shifted = prior.log_prob(patches + MEAN_SHIFT)
    pixels = prior.patch_size**2
    if float((shifted - prior.log_prob(patches)).abs().max()) > SAME * pixels:
        return torch.eye(pixels, dtype=torch.float64)
    if pixels == 1:
        raise Skipped("its log_prob is the same for all patches of one pixel")
    return mean_free_basis(pixels)


def _dimensions(prior: PatchPrior) -> int:
    return _basis(prior).shape[1]


DENSITIES = (density_integrates_to_one, samples_match_density)
