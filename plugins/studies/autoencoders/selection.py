"""Which models of an experiment the study opens, and the tiles that they are measured on."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import torch
from torch import Tensor

from plugins.vae.images import VAE
from priorbench.numerics.patches import draw_patches, gray_plane
from priorbench.priors import PatchPrior
from priorbench.results import Results

PHOTOGRAPHS, DEAD_LEAVES, PATCH = "vae", "vae-dead-leaves", "vae-patch"
"""Names of the records."""


class Row(NamedTuple):
    """A row of the table: ``value`` in ``unit`` is the mean over ``n`` tiles, patches, samples or images."""

    prior: str
    quantity: str
    of: str
    unit: str
    value: float
    n: int


def fitted(results: Results, name: str) -> list[str]:
    """Return the ids of a record's priors that were fitted."""
    return [
        prior
        for prior in results.catalogue.priors
        if results.names.get(prior) == name and prior in results.training
    ]


def tile_models(results: Results) -> dict[str, VAE]:
    """Return the fitted autoencoders of tiles by id, those of photographs first."""
    return {
        prior: results.material.prior(prior)
        for name in (PHOTOGRAPHS, DEAD_LEAVES)
        for prior in fitted(results, name)
    }


def patch_models(results: Results) -> dict[str, PatchPrior]:
    """Return the fitted autoencoder of patches and the patch priors to compare it with, by id; none without it.

    They are those of its patch size whose training curve has a ``held_out_log_likelihood``. Densities of patches of
    different sizes can't be compared.
    """
    own = fitted(results, PATCH)
    if not own:
        return {}
    learned = [
        p
        for p in results.catalogue.priors
        if "held_out_log_likelihood" in results.training.get(p, ())
    ]
    models = {prior: results.material.prior(prior) for prior in dict.fromkeys([*own, *learned])}
    size = models[own[0]].patch_size
    return {
        prior: model
        for prior, model in models.items()
        if isinstance(model, PatchPrior) and model.patch_size == size
    }


def gray_images(results: Results) -> dict[str, Tensor]:
    """Return the clean test images of all data sets in gray, H × W."""
    return {
        f"{dataset}/{name}": gray_plane(image)
        for dataset in results.catalogue.datasets
        for name, image in results.material.test_images(dataset).items()
    }


def centre(image: Tensor, side: int) -> Tensor:
    """Return the centre of an image, H × W, at most ``side`` × ``side``."""
    top, left = (max(0, (length - side) // 2) for length in image.shape)
    return image[top : top + side, left : left + side]


def tiles_by_image(images: Iterable[Tensor], size: int, count: int) -> list[Tensor]:
    """Return tiles of each image, n × T × T, about ``count`` together; they are a function of the images alone.

    Images smaller than a tile have none.
    """
    usable = [image for image in images if min(image.shape) >= size]
    share = max(1, count // max(1, len(usable)))
    held_out = (
        draw_patches([image[None, None]], size, share, 1.0, torch.Generator())[1]
        for image in usable
    )
    return [patches[:].view(-1, size, size) for patches in held_out]
