"""The Wiener filter that knows the clean image."""

from __future__ import annotations

import numpy as np
import torch
from scipy.fft import dct
from torch.nn.functional import fold, unfold

from priorbench.solvers.colour import from_planes, to_planes
from priorbench.types import Image, Plane

__all__ = ["clairvoyant", "filtered"]


def clairvoyant(noisy: Image, clean: Image, sigma: float, size: int = 8) -> Image:
    """Return what the clairvoyant Wiener filter makes of noisy images, RGB in opponent planes.

    Args:
        noisy: B × C × H × W.
        clean: the images without the noise, which no prior sees.
        sigma: σ of the noise, on [0, 1].
        size: side of a patch in pixels; that of the image, if it is less.
    """
    (seen, scales), (true, _) = to_planes(noisy), to_planes(clean)
    planes = zip(seen, true, scales, strict=True)
    found = [filtered(plane, known, scale * sigma, size) for plane, known, scale in planes]
    return from_planes(torch.stack(found), noisy.shape)


def filtered(noisy: Plane, clean: Plane, sigma: float, size: int) -> Plane:
    r"""Return the mean over all patches p of their ideally attenuated cosine transforms.

        x̂ = mean_p Cᵀ (a_p ⊙ C y_p),   a_p = (C x_p)² / ((C x_p)² + σ²),

    with C the orthonormal cosine transform. For one patch no other factors of the coefficients have
    a smaller expected error: the ideal attenuation of Donoho & Johnstone 1994,
    doi:10.1093/biomet/81.3.425, which needs the clean x.

    Args:
        noisy: y, H × W.
        clean: x, H × W.
        sigma: σ of the noise in y.
        size: side of a patch in pixels; that of the image, if it is less.
    """
    size = min(size, *noisy.shape)
    cosines = torch.from_numpy(dct(np.eye(size), axis=0, norm="ortho"))
    basis = torch.kron(cosines, cosines).to(noisy)
    seen, true = (basis @ unfold(plane[None, None], size)[0] for plane in (noisy, clean))
    energy = true.square()
    patches = basis.mT @ (seen * energy / (energy + sigma**2))
    ones = torch.ones_like(patches)
    total, count = (fold(each[None], noisy.shape, size)[0, 0] for each in (patches, ones))
    return total / count
