"""Checks of denoisers."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from priorbench.priors import Denoiser
from priorbench.testing.check import CheckFailed, Skipped, check
from priorbench.testing.easy import easy_image
from priorbench.testing.prior_subject import PriorSubject
from priorbench.types import Image

SIGMA, FAINT, WEAK, STRONG = 25 / 255, 1e-3, 0.05, 0.3
HARM = 0.01
"""The root mean squared error, on [0, 1], that a denoiser may add to an image without noise."""
SAME = 1e-5


@check("restores")
def denoiser_shapes(subject: PriorSubject) -> None:
    """``denoise`` keeps shape, type and device of one image and of several, gray and colour."""
    prior = _denoiser(subject)
    for batch in (1, 2):
        for channels in (1, 3):
            image = _noisy(channels).expand(batch, -1, -1, -1).contiguous()
            result = _denoised(prior, image, SIGMA)
            what = f"denoise of {batch} × {channels} × {image.shape[2]} × {image.shape[3]}"
            if not isinstance(result, Tensor):
                raise CheckFailed(f"{what} returns {type(result).__qualname__}: return a tensor")
            given, wanted = ((x.shape, x.dtype, x.device) for x in (result, image))
            if given != wanted:
                raise CheckFailed(
                    f"{what} returns {tuple(result.shape)}, {result.dtype}, {result.device}: "
                    f"return {tuple(image.shape)}, {image.dtype}, {image.device}"
                )


@check("restores", "denoiser_shapes")
def denoiser_input_untouched(subject: PriorSubject) -> None:
    """``denoise`` does not change the image that it is given."""
    prior = _denoiser(subject)
    image = _noisy(1)
    before = image.clone()
    _denoised(prior, image, SIGMA)
    if not torch.equal(image, before):
        raise CheckFailed("denoise changes its argument, which the solver still needs: copy it")


@check("restores", "denoiser_shapes", "same_seed_same_image")
def denoiser_one_by_one(subject: PriorSubject) -> None:
    """An image of several is denoised as it would be alone."""
    prior = _denoiser(subject)
    one = _noisy(1)
    pair = torch.cat([one, one.flip(-1) * 0.5])
    alone = _denoised(prior, one, SIGMA)
    difference = float((_denoised(prior, pair, SIGMA)[:1] - alone).abs().max())
    if not difference <= 1e-4:
        raise CheckFailed(
            f"an image differs by up to {difference:.2g} when another one lies beside it: "
            "treat images by themselves; a network must be in eval mode, where normalisation "
            "takes no statistics of its batch"
        )


@check("restores", "denoiser_shapes")
def denoiser_sigma_range(subject: PriorSubject) -> None:
    """``sigma_range`` is two numbers on [0, 1], the least first, or reaches to infinity."""
    low, high = _denoiser(subject).sigma_range
    if not 0 <= low <= high:
        raise CheckFailed(f"sigma_range is ({low}, {high}): give the least σ and the greatest one")
    if math.isfinite(high) and high > 1:
        raise CheckFailed(f"sigma_range is ({low}, {high}): give σ on [0, 1], not on 0 to 255")


@check("restores", "denoiser_shapes", "denoiser_sigma_range")
def denoiser_follows_sigma(subject: PriorSubject) -> None:
    """``denoise`` takes more away for a larger σ, unless it says that it is blind."""
    prior = _denoiser(subject)
    low, high = _within(prior, WEAK), _within(prior, STRONG)
    if low == high:
        raise Skipped("it was made for one σ alone")
    image = _noisy(1)
    weak, strong = (_denoised(prior, image, sigma) for sigma in (low, high))
    differs = float((weak - strong).abs().max()) > SAME
    if not differs and not prior.blind:
        raise CheckFailed(
            f"the same image comes out for σ = {low:g} and for σ = {high:g}: use σ, or say "
            "blind = True, which gives it other settings of the solver"
        )
    if differs and prior.blind:
        raise CheckFailed("it says blind = True, but what comes out depends on σ: leave that out")


@check("restores", "denoiser_shapes", "denoiser_sigma_range", "denoiser_follows_sigma")
def denoiser_harmless(subject: PriorSubject) -> None:
    """Where there is next to no noise, ``denoise`` changes next to nothing."""
    prior = _denoiser(subject)
    if prior.blind:
        raise Skipped("it ignores σ, and says so")
    if prior.sigma_range[0] > FAINT:
        raise Skipped(f"it was made for σ of at least {prior.sigma_range[0]:g}")
    # Solvers hand on images that leave [0, 1].
    for what, image in (("on [0, 1]", easy_image()), ("beyond [0, 1]", 6 * easy_image() - 2.5)):
        error = float((_denoised(prior, image, FAINT) - image).square().mean().sqrt())
        if not error <= HARM:
            raise CheckFailed(
                f"of an image {what} without noise it changes the pixels by {error:.3g} (root mean "
                f"square) at σ = {FAINT:g}: return the image itself as σ falls to 0, and clip "
                "nothing"
            )


def _denoiser(subject: PriorSubject) -> Denoiser:
    found: Denoiser = subject.of_class(Denoiser)
    return found


def _denoised(prior: Denoiser, image: Image, sigma: float) -> Image:
    with torch.no_grad():
        return prior.denoise(image, _within(prior, sigma))


def _within(prior: Denoiser, sigma: float) -> float:
    """Return the nearest σ that a denoiser was made for, as the solver asks for it."""
    low, high = prior.sigma_range
    return min(max(sigma, low), high)


def _noisy(channels: int) -> Image:
    clean = easy_image(channels=channels)
    noise = torch.randn(clean.shape, generator=torch.Generator().manual_seed(0))
    return clean + SIGMA * noise


DENOISER_INPUTS = (denoiser_shapes, denoiser_input_untouched)
DENOISERS = (
    denoiser_one_by_one,
    denoiser_sigma_range,
    denoiser_follows_sigma,
    denoiser_harmless,
)
