"""Super-resolution: the image is seen on a coarser grid."""

from __future__ import annotations

import math

import torch

from priorbench.operators import DecimatedBlur, Downsample, LinearOperator
from priorbench.problem import Problem
from priorbench.tasks.base import Task, add_noise, refuse_mask, shape_of
from priorbench.tasks.kernels import gaussian
from priorbench.types import Image, Observation, PixelMask, Resized


class SuperResolve(Task):
    """Down-sampling: y = Hx + n, with each side smaller by the factor.

    As in the papers, the image is cut to a multiple of the factor, the score is that of the luma,
    and a border as wide as the factor is not scored.

    Args:
        factor: how many times smaller each side is.
        kernel: ``bicubic`` (MATLAB's ``imresize``), ``lanczos2``, ``area``, or ``gaussian``: a blur
            with standard deviation 1.6 · factor / 3, circular, then every factor-th pixel (Dong et
            al. 2013, doi:10.1109/TIP.2012.2235847, for factor 3).
        sigma: standard deviation of the noise on the 0–255 scale.
    """

    luminance = True

    def __init__(self, factor: int, kernel: str = "bicubic", sigma: float = 0) -> None:
        self.factor, self.kernel, self.sigma = factor, kernel, sigma / 255
        self.border = (factor, factor)

    def corrupt(self, image: Image, generator: torch.Generator) -> Problem:
        """Return y = Hx + n."""
        return add_noise(image, self._operator(shape_of(image)), self.sigma, generator)

    def observe(self, image: Observation, mask: PixelMask | None = None) -> Problem:
        """Return a small image as a problem."""
        refuse_mask(mask, "sr")
        channels, height, width = shape_of(image)
        return Problem(
            image, self._operator((channels, height * self.factor, width * self.factor)), self.sigma
        )

    def fit(self, image: Image) -> Resized:
        """Return the image with its sides cut to multiples of the factor."""
        _, height, width = shape_of(image)
        if min(height, width) < self.factor:
            raise ValueError(
                f"the image of {height} × {width} can't be made {self.factor} times smaller"
            )
        return image[..., : height - height % self.factor, : width - width % self.factor]

    def _operator(self, shape: tuple[int, int, int]) -> LinearOperator:
        if self.kernel != "gaussian":
            return Downsample(shape, self.factor, self.kernel)
        deviation = 1.6 * self.factor / 3
        # Three standard deviations hold 99.7 %; a small image limits the kernel.
        radius = min(math.ceil(3 * deviation), (min(shape[1:]) - 1) // 2)
        return DecimatedBlur(
            torch.from_numpy(gaussian(deviation, radius)).float(), shape, self.factor
        )
