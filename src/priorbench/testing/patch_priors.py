"""Checks of patch priors: shapes, independence, and the MAP estimate against brute force."""

from __future__ import annotations

import torch
from torch import Tensor

from priorbench.priors import PatchPrior
from priorbench.testing.check import CheckFailed, Skipped, check
from priorbench.testing.easy import photograph
from priorbench.testing.prior_subject import PriorSubject
from priorbench.types import Patches, Scores

COUNT = 64
PLACE, SIDE = (96, 208), 64
NOISE_VARIANCE = (25 / 255) ** 2
NEARLY_NONE = 1e-8
HARM = 0.01
"""The root mean squared error, on [0, 1], that an estimate may have where there is no noise."""
CLOSE = 1e-4
GAIN = 0.05
"""Nats per patch by which brute force may beat a MAP estimate: what its search is not exact to."""
SHRINKAGES, ROUNDS, ROUNDS_IN_MANY_DIMENSIONS = 21, 400, 40
LOW = 2
"""Side of the patches on which a density can be integrated, and an estimate searched for."""
LOW_PARAMETERS = {"patch_size": LOW, "stride": 1}


@check("restores")
def patch_shapes(subject: PriorSubject) -> None:
    """``log_prob`` gives N numbers, ``map_estimate`` N × D, all finite and in float32."""
    prior = patch_prior(subject)
    patches = patches_of(prior.patch_size)
    with torch.no_grad():
        scores, estimates = prior.log_prob(patches), prior.map_estimate(patches, NOISE_VARIANCE)
    for name, found, wanted in (
        ("log_prob", scores, (COUNT,)),
        ("map_estimate", estimates, tuple(patches.shape)),
    ):
        if tuple(found.shape) != wanted:
            raise CheckFailed(f"{name} returns the shape {tuple(found.shape)}: return {wanted}")
        if not torch.isfinite(found).all():
            raise CheckFailed(f"{name} of patches of a photograph holds NaN or infinite values")
    if estimates.dtype != patches.dtype:
        raise CheckFailed(f"map_estimate returns {estimates.dtype}: return {patches.dtype}")
    if not 1 <= prior.stride <= prior.patch_size:
        raise CheckFailed(f"stride is {prior.stride}: give 1 to patch_size, {prior.patch_size}")


@check("restores", "patch_shapes")
def patch_input_untouched(subject: PriorSubject) -> None:
    """``log_prob`` and ``map_estimate`` do not change the patches that they are given."""
    prior = patch_prior(subject)
    patches = patches_of(prior.patch_size)
    before = patches.clone()
    with torch.no_grad():
        prior.log_prob(patches)
        prior.map_estimate(patches, NOISE_VARIANCE)
    if not torch.equal(patches, before):
        raise CheckFailed("it changes its argument, which the solver still needs: copy it")


@check("restores", "patch_shapes")
def patches_one_by_one(subject: PriorSubject) -> None:
    """A patch of many is treated as it would be in a smaller batch."""
    prior = patch_prior(subject)
    patches = patches_of(prior.patch_size)
    few = patches[: COUNT // 4]
    with torch.no_grad():
        estimates = [prior.map_estimate(x, NOISE_VARIANCE) for x in (few, patches)]
        scores = [prior.log_prob(x) for x in (few, patches)]
    for name, (alone, among) in {"map_estimate": estimates, "log_prob": scores}.items():
        scale = max(1.0, float(alone.abs().max()))
        difference = float((alone - among[: len(few)]).abs().max())
        if not difference <= CLOSE * scale:
            raise CheckFailed(
                f"{name} of a patch differs by up to {difference:.2g} when others come with it: "
                "treat patches by themselves"
            )


@check("restores", "patch_shapes")
def map_keeps_clean_patches(subject: PriorSubject) -> None:
    """Where there is next to no noise, ``map_estimate`` changes next to nothing."""
    prior = patch_prior(subject)
    patches = patches_of(prior.patch_size)
    with torch.no_grad():
        error = float((prior.map_estimate(patches, NEARLY_NONE) - patches).square().mean().sqrt())
    if not error <= HARM:
        raise CheckFailed(
            f"at a noise variance of {NEARLY_NONE:g} it changes the pixels by {error:.3g} (root "
            "mean square): the estimate must reach the patch itself as the noise falls to 0"
        )


@check("restores", "patch_shapes", "map_keeps_clean_patches")
def map_is_the_best(subject: PriorSubject) -> None:
    """No patch that brute force finds has a better log p(z) − ‖z − x‖² / 2s than the estimate."""
    patch_prior(subject)
    try:
        prior = low_dimensional(subject)
    except Skipped:
        prior = patch_prior(subject)
    patches = patches_of(prior.patch_size)
    generator = torch.Generator().manual_seed(3)
    patches = patches + NOISE_VARIANCE**0.5 * torch.randn(patches.shape, generator=generator)
    with torch.no_grad():
        estimate = prior.map_estimate(patches, NOISE_VARIANCE)
        reached = _objective(prior, estimate, patches)
        best = _brute_force(prior, estimate, patches, generator)
    gain = best - reached
    if not float(gain.mean()) <= GAIN:
        raise CheckFailed(
            f"brute force beats map_estimate by {float(gain.mean()):.3g} nats a patch in the mean "
            f"and by up to {float(gain.max()):.3g}, on {COUNT} noisy patches of {prior.patch_size} "
            f"× {prior.patch_size}: return argmax log p(z) − ‖z − x‖² / 2s, s the noise variance"
        )


def _objective(prior: PatchPrior, z: Patches, patches: Patches) -> Scores:
    misfit = (z.double() - patches.double()).square().sum(1) / (2 * NOISE_VARIANCE)
    return prior.log_prob(z).double() - misfit


def _brute_force(
    prior: PatchPrior, estimate: Patches, patches: Patches, generator: torch.Generator
) -> Scores:
    """Return the best objective found around estimates, and between patches and their means."""
    best, value = estimate.clone(), _objective(prior, estimate, patches)

    def consider(candidate: Patches) -> None:
        other = _objective(prior, candidate, patches)
        better = other > value
        best[better], value[better] = candidate[better], other[better]

    mean = patches.mean(1, keepdim=True)
    for share in torch.linspace(0, 1, SHRINKAGES):
        consider(mean + share * (patches - mean))
    # Steps from the size of the noise down to a hundredth of it.
    rounds = ROUNDS if prior.patch_size <= LOW else ROUNDS_IN_MANY_DIMENSIONS
    for step in torch.logspace(0, -2, rounds):
        noise = torch.randn(best.shape, generator=generator)
        consider(best + float(step) * NOISE_VARIANCE**0.5 * noise)
    return value


def patch_prior(subject: PriorSubject) -> PatchPrior:
    """Return the subject's prior.

    Raises:
        Skipped: it is no patch prior.
    """
    found: PatchPrior = subject.of_class(PatchPrior)
    return found


def low_dimensional(subject: PriorSubject) -> PatchPrior:
    """Return the prior for patches of 2 × 2 pixels at most, fitted if it learns.

    Raises:
        Skipped: it can't be made for patches that small.
    """
    prior = patch_prior(subject)
    if prior.patch_size <= LOW:
        return prior
    pixels = f"its patches have {prior.patch_size**2} pixels"
    known = {} if subject.source is None else subject.spec.parameters.model_fields
    if "patch_size" not in known:
        raise Skipped(f"{pixels}, and it has no parameter patch_size to make them small")
    # Small patches leave pixels out where they begin further apart than they are wide.
    changes = {name: value for name, value in LOW_PARAMETERS.items() if name in known}
    try:
        small: PatchPrior = subject.fitted(**changes)
    except ValueError as error:
        raise Skipped(f"{pixels}, and it can't be made with patch_size {LOW}: {error}") from error
    return small


def patches_of(size: int, count: int = COUNT) -> Tensor:
    """Return patches of a photograph, N × D, spread over it."""
    windows = photograph(*PLACE, SIDE)[0, 0].unfold(0, size, 1).unfold(1, size, 1)
    every = windows.reshape(-1, size * size)
    return every[torch.linspace(0, len(every) - 1, count).long()].contiguous()


PATCH_INPUTS = (patch_shapes, patch_input_untouched)
PATCH_PRIORS = (
    patches_one_by_one,
    map_keeps_clean_patches,
    map_is_the_best,
)
