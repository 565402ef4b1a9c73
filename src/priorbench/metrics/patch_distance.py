"""How far the patches of a restoration are from those of the clean image, as distributions."""

from __future__ import annotations

import numpy as np
import torch
from torch.nn.functional import conv2d

from priorbench.errors import NotApplicable
from priorbench.metrics.fidelity import checked_pair
from priorbench.metrics.pyramid import laplacian_pyramid

__all__ = ["SMALLEST", "patch_distance"]

SIDE = 8
"""Pixels along a side of a patch."""
SCALES = 3
SMALLEST = 64
"""Pixels along a side of an image: its coarsest scale has 81 patches or more."""
DIRECTIONS = 64
AT_ONCE = 16
"""Directions at a time, which limits the memory: each needs a number for each patch."""


def patch_distance(restored: np.ndarray, clean: np.ndarray) -> float:
    r"""Return the sliced Wasserstein distance of all 8 × 8 patches, in gray levels of 255.

    At each scale s of a Laplacian pyramid (two bands of an octave and what is left below them), all
    patches without their means are projected on 64 random directions u with ‖u‖ = 1, which the
    global generator of torch draws:

        d_s² = mean over u of mean over i of (p₍ᵢ₎ − q₍ᵢ₎)²,   p, q sorted projections.

    The value is the mean of d_s over the scales, computed for each channel and averaged. White
    noise of standard deviation σ in place of a flat band has d_s = σ. Where patches lie does not
    matter: moved texture is as good as the texture itself.

    Sliced Wasserstein distance: Rabin, Peyré, Delon & Bernot 2011,
    doi:10.1007/978-3-642-24785-9_37. Patches of a pyramid: Karras, Aila, Laine & Lehtinen 2018,
    section 5, arXiv:1710.10196; they take the L¹ distance of 7 × 7 patches with normalized
    contrast, which hides a loss of contrast. Both images are clipped to [0, 1].

    Raises:
        NotApplicable: a side is shorter than 64 pixels.
        ValueError: the shapes differ or a value is NaN.
    """
    restored, clean = checked_pair(restored, clean)
    if min(clean.shape[:2]) < SMALLEST:
        raise NotApplicable(
            f"patch distances at {SCALES} scales need at least {SMALLEST} pixels a side; the image "
            f"is {clean.shape[:2]}"
        )
    drawn = directions()
    distances = []
    for channel in range(clean.shape[2]):
        one, two = (
            laplacian_pyramid(255 * image[..., channel], SCALES) for image in (restored, clean)
        )
        distances += [sliced_distance(*bands, drawn=drawn) for bands in zip(one, two, strict=True)]
    return float(np.mean(distances))


def directions(count: int = DIRECTIONS) -> torch.Tensor:
    """Return random directions among patches of mean 0, count × 8 × 8, each of norm 1."""
    drawn = torch.randn(count, SIDE, SIDE)
    drawn -= drawn.mean((1, 2), keepdim=True)
    norms: torch.Tensor = torch.linalg.vector_norm(drawn, dim=(1, 2), keepdim=True)
    return drawn / norms


def sliced_distance(plane: np.ndarray, other: np.ndarray, drawn: torch.Tensor) -> float:
    """Return the root mean squared distance of the patches' sorted projections.

    Args:
        plane: H × W.
        other: of the same size.
        drawn: directions, N × 8 × 8.
    """
    squared = 0.0
    for part in torch.split(drawn, AT_ONCE):
        one, two = (sorted_projections(image, part) for image in (plane, other))
        squared += float(np.square(one - two, dtype=np.float64).mean(axis=1).sum())
    return float(np.sqrt(squared / len(drawn)))


def sorted_projections(plane: np.ndarray, drawn: torch.Tensor) -> np.ndarray:
    """Return the sorted projections of all patches of an image on directions, N × patches."""
    image = torch.from_numpy(plane).float()[None, None]
    projected: np.ndarray = conv2d(image, drawn[:, None])[0].flatten(1).numpy()
    projected.sort(axis=1)
    return projected
