"""Denoising: Gaussian noise of known or unknown σ, Poisson, and salt-and-pepper noise."""

from __future__ import annotations

from dataclasses import replace

import torch

from priorbench.numerics.noise_level import noise_level
from priorbench.operators import Identity, Mask
from priorbench.problem import Problem
from priorbench.tasks.base import Task, add_noise, check_finite, refuse_mask, shape_of
from priorbench.types import Image, Observation, PixelMask

__all__ = ["Denoise", "DenoiseBlind", "DenoisePoisson", "DenoiseSaltPepper"]


class Denoise(Task):
    """White Gaussian noise: y = x + n.

    Args:
        sigma: standard deviation of the noise on the 0–255 scale.
    """

    def __init__(self, sigma: float) -> None:
        self.sigma = sigma / 255

    def corrupt(self, image: Image, generator: torch.Generator) -> Problem:
        """Return y = x + n."""
        return add_noise(image, Identity(shape_of(image)), self.sigma, generator)

    def observe(self, image: Observation, mask: PixelMask | None = None) -> Problem:
        """Return the noisy image as a problem."""
        refuse_mask(mask, "denoise")
        return Problem(image, Identity(shape_of(image)), self.sigma)


class DenoiseBlind(Denoise):
    """White Gaussian noise whose σ nobody tells: the problem's σ is estimated from y alone.

    Args:
        sigma: standard deviation of the noise on the 0–255 scale, with which images are corrupted.
    """

    blind = True

    def corrupt(self, image: Image, generator: torch.Generator) -> Problem:
        """Return y = x + n, the same as that of :class:`Denoise`, with the estimate of σ.

        Raises:
            ValueError: the image is too small to see σ from it.
        """
        problem = super().corrupt(image, generator)
        return replace(problem, sigma=noise_level(problem.y))

    def observe(self, image: Observation, mask: PixelMask | None = None) -> Problem:
        """Return the noisy image as a problem, with the estimate of σ.

        Raises:
            ValueError: the image is too small to see σ from it.
        """
        refuse_mask(mask, "denoise-blind")
        return Problem(image, Identity(shape_of(image)), noise_level(image))


class DenoisePoisson(Task):
    """Photon noise: peak · y ~ Poisson(peak · x).

    Args:
        peak: expected photons where the image is 1.
    """

    def __init__(self, peak: float) -> None:
        self.peak = peak

    def corrupt(self, image: Image, generator: torch.Generator) -> Problem:
        """Return the photons counted at each pixel, divided by the peak."""
        check_finite(image)
        return self._problem(
            torch.poisson(self.peak * image.clamp(min=0), generator=generator) / self.peak
        )

    def observe(self, image: Observation, mask: PixelMask | None = None) -> Problem:
        """Return the counts, divided by the peak, as a problem."""
        refuse_mask(mask, "denoise-poisson")
        return self._problem(image)

    def _problem(self, y: Observation) -> Problem:
        # The variance at a pixel is x / peak; its mean over the image is estimated by that of y /
        # peak.
        sigma = float(y.mean().clamp(min=0) / self.peak) ** 0.5
        return Problem(y, Identity(shape_of(y)), sigma, peak=self.peak)


class DenoiseSaltPepper(Task):
    """Some values are turned into 0 or 1, in each channel by itself.

    Which ones is unknown, but in the observation all that is exactly 0 or 1 is suspected and taken
    for missing.

    Args:
        percent: values that are turned, in percent, exactly, rounded to whole values.
    """

    def __init__(self, percent: float) -> None:
        self.fraction = percent / 100

    def corrupt(self, image: Image, generator: torch.Generator) -> Problem:
        """Return the problem of finding what lies below the salt and the pepper."""
        y = image.clone().flatten()
        # A permutation gives the exact share, where independent draws would vary.
        hit = torch.randperm(y.numel(), generator=generator)[: round(self.fraction * y.numel())]
        y[hit] = torch.randint(0, 2, hit.shape, generator=generator).to(y.dtype)
        return self.observe(y.reshape(image.shape))

    def observe(self, image: Observation, mask: PixelMask | None = None) -> Problem:
        """Return the problem with all pixels missing that are black or white.

        Raises:
            ValueError: a channel has no other pixels, or there is a mask.
        """
        refuse_mask(mask, "denoise-saltpepper")
        # An honest pixel of exactly 0 or 1 is lost too: an observer can't tell it apart.
        known = (image[0] > 0) & (image[0] < 1)
        if not known.flatten(1).any(dim=1).all():
            raise ValueError(
                "a channel is black or white everywhere, so salt and pepper can't be distinguished "
                "from the image; denoise-saltpepper is for photographs with shades between"
            )
        operator = Mask(known)
        return Problem(operator.forward(image), operator, 0.0)
