"""Square gray patches: drawn from images, and without their mean.

What patch priors share. A patch of D pixels is its mean and the D − 1 coordinates u = Bᵀx in the
space orthogonal to the constant patch. Densities are of u, in nats on those D − 1 dimensions; the
mean has a flat prior. Nothing else makes the likelihoods of different models comparable.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

import numpy as np
import torch
from scipy.linalg import helmert
from torch import Tensor

from priorbench.numerics.constants import LUMA_WEIGHTS
from priorbench.types import AnyImage, Image, Patches, Plane, Scores

__all__ = [
    "PatchSet",
    "draw_patches",
    "gray_plane",
    "mean_free_basis",
    "mean_log_likelihoods",
    "principal_axes",
    "probe_patches",
]

PATCHES_IN_A_BATCH = 1 << 15
PROBES = 2000
"""Patches of a test image on which likelihoods are measured."""


def mean_free_basis(pixels: int) -> Tensor:
    """Return B, D × (D − 1) in float64: an orthonormal basis of the patches with mean 0."""
    return torch.from_numpy(helmert(pixels)).mT.contiguous()


class PatchSet:
    """Patches that are cut out of their images when they are asked for.

    It holds the images and where the patches lie: 16 bytes for each patch instead of 256.

    Args:
        images: each H × W, of any sizes.
        size: side of a patch in pixels.
        image: for each patch, which image it lies in, N.
        top: its first row, N.
        left: its first column, N.
    """

    def __init__(
        self, images: Sequence[Tensor], size: int, image: Tensor, top: Tensor, left: Tensor
    ) -> None:
        self.size = size
        self._pixels = torch.cat([each.flatten() for each in images])
        # All images lie behind one another in one vector of pixels.
        begin = torch.tensor([0, *(each.numel() for each in images[:-1])]).cumsum(0)
        self._width = torch.tensor([each.shape[1] for each in images])[image]
        self._corner = begin[image] + top * self._width + left

    def __len__(self) -> int:
        return len(self._corner)

    def __getitem__(self, index: slice | Tensor) -> Patches:
        """Return the patches, n × D, that a slice or a tensor of numbers chooses."""
        corner, width = self._corner[index], self._width[index]
        offset = torch.arange(self.size)
        # The first pixel of each row of each patch, then all pixels of these rows.
        starts = corner[:, None] + width[:, None] * offset
        return self._pixels[(starts[:, :, None] + offset).flatten(1)]

    def batches(self, count: int) -> Iterator[Patches]:
        """Yield all patches in their order, ``count`` at a time."""
        for start in range(0, len(self), count):
            yield self[start : start + count]


def draw_patches(
    images: Sequence[AnyImage],
    size: int,
    count: int,
    held_out: float,
    generator: torch.Generator,
    grid: int = 1,
) -> tuple[PatchSet, PatchSet]:
    """Return training and held-out patches, drawn from all positions without replacement.

    The held-out ones depend on the images and the numbers only, not on the generator: models of
    different parameters and seeds are measured on the same patches, because the likelihood varies
    far more between patches than between good models. Images smaller than a patch have none. Both
    sets are in random order.

    Args:
        images: each 1 × C × H × W, of any sizes.
        size: side of a patch in pixels.
        count: training patches; fewer where the images have fewer.
        held_out: held-out patches as a fraction of the training patches.
        generator: randomness.
        grid: rows and columns where patches begin are multiples of it.

    Raises:
        ValueError: an image has neither one nor three channels, or holds NaN or infinite values, or
            no image is as large as a patch.
    """
    if not all(torch.isfinite(image).all() for image in images):
        raise ValueError("a training image holds NaN or infinite values")
    gray = [image for image in map(gray_plane, images) if min(image.shape) >= size]
    if not gray:
        sizes = (
            ", ".join(f"{image.shape[-2]} × {image.shape[-1]}" for image in images) or "none at all"
        )
        raise ValueError(
            f"no training image is as large as a {size} × {size} patch; the images: {sizes}"
        )
    rows, columns = (
        torch.tensor([(image.shape[axis] - size) // grid + 1 for image in gray]) for axis in (0, 1)
    )
    total = int((rows * columns).sum())
    training = min(count, int(total / (1 + held_out)))
    measured = max(1, round(held_out * training))
    # random.sample of a range needs memory for the draw only, whatever the number of positions.
    # A seed of its own, so that models are measured on the same patches.
    measuring = np.array(random.Random(0).sample(range(total), measured))
    draw = random.Random(int(torch.randint(2**62, (), generator=generator)))
    drawn = np.array(draw.sample(range(total), min(total, training + measured)))
    # Training patches are none of the held-out ones.
    drawn = drawn[~np.isin(drawn, measuring)][:training]

    def at(places: np.ndarray) -> PatchSet:
        place = torch.from_numpy(places)
        # Positions are numbered through all images.
        last = (rows * columns).cumsum(0)
        image = torch.searchsorted(last, place, right=True)
        inside = place - (last - rows * columns)[image]
        return PatchSet(
            gray, size, image, grid * (inside // columns[image]), grid * (inside % columns[image])
        )

    return at(drawn), at(measuring)


def probe_patches(images: Mapping[str, AnyImage], size: int) -> dict[str, Patches]:
    """Return the patches of test images on which studies measure likelihoods, N × D, by image.

    They are a function of each image alone, so that the same quantity has the same value in all
    studies: :data:`PROBES` patches, fewer where the image has fewer. Images smaller than a patch
    are left out.

    Args:
        images: each 1 × C × H × W; colour is turned to gray.
        size: side of a patch in pixels.
    """
    return {
        name: draw_patches([image], size, PROBES, 1.0, torch.Generator())[1][:]
        for name, image in images.items()
        if min(image.shape[-2:]) >= size
    }


def mean_log_likelihoods(
    log_prob: Callable[[Patches], Scores], blocks: Iterable[Tensor]
) -> np.ndarray:
    """Return the mean log-likelihood of each block of patches, n × D each, in nats per patch."""
    return np.array([float(log_prob(block).double().mean()) for block in blocks])


def principal_axes(patches: PatchSet) -> tuple[Tensor, Tensor]:
    """Return the principal axes of patches without their mean, one a row, and their variances.

    Both are float64, (D − 1) × D and D − 1, the least variance first. The patches are cut out a
    batch at a time.
    """
    basis = mean_free_basis(patches.size**2)
    # In float64: a sum over all patches, of variances of very different sizes.
    covariance = torch.zeros(basis.shape[1], basis.shape[1], dtype=torch.float64)
    for batch in patches.batches(PATCHES_IN_A_BATCH):
        vectors = batch.double() @ basis
        covariance += vectors.mT @ vectors
    variances, vectors = torch.linalg.eigh(covariance / len(patches))
    return (basis @ vectors).mT.contiguous(), variances


def gray_plane(image: Image) -> Plane:
    """Return a 1 × C × H × W image as H × W; colour by the BT.601 weights.

    Raises:
        ValueError: the image has neither one nor three channels.
    """
    channels = image.shape[1]
    if channels == 1:
        return image[0, 0]
    if channels == 3:
        return torch.einsum("c,chw->hw", torch.tensor(LUMA_WEIGHTS, dtype=image.dtype), image[0])
    raise ValueError(f"training images must have 1 or 3 channels, not {channels}")
