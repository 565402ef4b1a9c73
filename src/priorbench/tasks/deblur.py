"""De-blurring with a known kernel."""

from __future__ import annotations

import torch

from priorbench.operators import Blur
from priorbench.operators.blur import Boundary
from priorbench.problem import Problem
from priorbench.tasks.base import Task, add_noise, refuse_mask, shape_of
from priorbench.tasks.kernels import blur_kernel
from priorbench.types import Image, Observation, PixelMask


class Deblur(Task):
    """Blur and white Gaussian noise: y = k * x + n.

    With the boundary ``valid`` the restoration is scored where pixels were observed.

    Args:
        kernel: name or file of the kernel; see :func:`.blur_kernel`.
        sigma: standard deviation of the noise on the 0–255 scale.
        boundary: ``circular`` or ``valid``; see :class:`.Blur`.
    """

    def __init__(self, kernel: str, sigma: float, boundary: Boundary = "circular") -> None:
        self.kernel = torch.from_numpy(blur_kernel(kernel)).float()
        self.sigma = sigma / 255
        self.boundary = boundary
        self.margin = (
            (self.kernel.shape[0] // 2, self.kernel.shape[1] // 2)
            if boundary == "valid"
            else (0, 0)
        )
        # What lies in the margin was observed only in part.
        self.border = self.margin

    def corrupt(self, image: Image, generator: torch.Generator) -> Problem:
        """Return y = k * x + n."""
        return add_noise(
            image, Blur(self.kernel, shape_of(image), self.boundary), self.sigma, generator
        )

    def observe(self, image: Observation, mask: PixelMask | None = None) -> Problem:
        """Return the blurred image as a problem.

        With ``valid`` the image sought is larger by its unseen border.
        """
        refuse_mask(mask, "deblur")
        channels, height, width = shape_of(image)
        shape = (channels, height + 2 * self.margin[0], width + 2 * self.margin[1])
        return Problem(image, Blur(self.kernel, shape, self.boundary), self.sigma)
