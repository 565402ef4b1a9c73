"""How strong the white noise of an image is, seen from the image alone."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from scipy.special import gammaincinv
from torch import Tensor

from priorbench.types import AnyImage

__all__ = ["noise_level"]

SIDES = (7, 5, 3)
"""Sides of a patch in pixels; 7 as in the paper, less where an image has not enough of them."""

ENOUGH = 20
"""Least number of patches for each of their pixels."""

MOST = 1 << 18
"""Patches of a large image that are looked at, on a regular grid; they take 100 MB."""

CONFIDENCE = 1 - 1e-6
"""Fraction of the patches without texture that count as such, as in the paper."""

ROUNDS = 3
"""How often patches are chosen by the last estimate; a further round changes little."""


def noise_level(image: AnyImage) -> float:
    """Return σ of the white Gaussian noise of an image on [0, 1].

    Liu, Tanaka & Okutomi 2013, doi:10.1109/TIP.2013.2283400: the covariance of patches without
    texture is σ²I, so that σ² is its smallest eigenvalue. A patch is taken to have no texture if
    the energy of its gradient is below the quantile that it has with noise of σ alone, a gamma
    distribution; σ and the choice of patches are found in turns, from all patches on. The smallest
    eigenvalue of N patches of D pixels is about (1 - √(D/N))² σ², Marchenko & Pastur 1967,
    doi:10.1070/SM1967v001n04ABEH001994, and is divided by that. All channels have the same σ.

    Patches with a value of exactly 0 or 1 are left out: a camera cuts their noise off. Noise that
    is not white, as after JPEG compression or a change of size, is not what this measures.

    Args:
        image: B × C × H × W, finite; the images of a batch have one σ.

    Raises:
        ValueError: the image is too small, for one channel less than about 16 × 16 pixels.
    """
    patches = _patches(image.detach().cpu())
    energy, threshold = _texture(patches)
    variance = _smallest(patches)
    for _ in range(ROUNDS):
        plain = patches[energy <= variance * threshold]
        # Too few patches say less than those of the last round.
        if len(plain) < ENOUGH * patches.shape[1]:
            break
        variance = _smallest(plain)
    return math.sqrt(variance)


def _patches(image: Tensor) -> Tensor:
    """Return patches of all channels, N × D in float64.

    Raises:
        ValueError: there are too few.
    """
    planes = image.double().flatten(0, 1)[:, None]
    count, height, width = len(planes), *image.shape[2:]
    for side in SIDES:
        places = count * max(height - side + 1, 0) * max(width - side + 1, 0)
        if places >= ENOUGH * side**2:
            step = math.ceil(math.sqrt(places / MOST))
            patches = F.unfold(planes, side, stride=step).transpose(1, 2).flatten(0, 1)
            whole = patches[~((patches == 0) | (patches == 1)).any(1)]
            return whole if len(whole) >= ENOUGH * side**2 else patches
    raise ValueError(
        f"an image of {height} × {width} pixels is too small to see from it how strong its noise "
        "is: give sigma, or an image of at least 16 × 16"
    )


def _texture(patches: Tensor) -> tuple[Tensor, float]:
    """Return the energy of each patch's gradient, and the most that noise of σ = 1 has."""
    side = math.isqrt(patches.shape[1])
    pixels = torch.eye(side**2, dtype=patches.dtype).view(-1, side, side)
    # Central differences, as linear functions of the patch.
    across = (pixels[:, :, 2:] - pixels[:, :, :-2]).flatten(1) / 2
    down = (pixels[:, 2:] - pixels[:, :-2]).flatten(1) / 2
    differences = torch.cat([across, down], dim=1)
    energy = (patches @ differences).square().sum(1)
    # A sum of squares is about gamma distributed: half its rank is the shape, its trace the mean.
    rank = int(torch.linalg.matrix_rank(differences))
    trace = float(differences.square().sum())
    return energy, 2 * trace / rank * float(gammaincinv(rank / 2, CONFIDENCE))


def _smallest(patches: Tensor) -> float:
    """Return the smallest eigenvalue of the covariance, corrected for the number of patches."""
    count, size = patches.shape
    # Rounding may leave one that is zero negative.
    least = max(0.0, float(torch.linalg.eigvalsh(torch.cov(patches.mT))[0]))
    return least / (1 - math.sqrt(size / count)) ** 2
