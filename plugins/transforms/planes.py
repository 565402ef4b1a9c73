"""Denoisers of gray planes on images of any number of channels."""

from __future__ import annotations

from collections.abc import Callable

import torch

from priorbench.solvers.colour import from_planes, to_planes
from priorbench.types import Image, Plane


def on_planes(image: Image, sigma: float, denoise: Callable[[Plane, float], Plane]) -> Image:
    """Denoise the planes of images one by one; RGB as its opponent planes.

    Args:
        image: B × C × H × W.
        sigma: of the noise.
        denoise: takes a plane and the σ of its noise.
    """
    planes, scales = to_planes(image)
    results = [denoise(plane, sigma * scale) for plane, scale in zip(planes, scales, strict=True)]
    return from_planes(torch.stack(results), image.shape).contiguous()
