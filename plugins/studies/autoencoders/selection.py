"""Which models of an experiment the study looks at, and the tiles that they are measured on."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor

from plugins.vae.images import VAE
from priorbench.numerics.patches import draw_patches, gray_plane
from priorbench.priors import PatchPrior
from priorbench.studies import Experiment
from priorbench.studies.patch_models import of_size, patch_models

PHOTOGRAPHS, DEAD_LEAVES, PATCH = "vae", "vae-dead-leaves", "vae-patch"
"""Names of the specs."""


def tile_models(experiment: Experiment) -> dict[str, VAE]:
    """Return the fitted autoencoders of tiles by id, those of photographs first."""
    priors = experiment.fitted(PHOTOGRAPHS) + experiment.fitted(DEAD_LEAVES)
    return {prior: experiment.prior(prior) for prior in priors}


def comparable_models(experiment: Experiment) -> dict[str, PatchPrior]:
    """Return the fitted autoencoders of patches and the patch models to compare them with, by id.

    They are those of the first autoencoder's patch size; none without an autoencoder.
    """
    own = experiment.fitted(PATCH)
    if not own:
        return {}
    models = patch_models(experiment)
    first = sorted(models, key=lambda prior: prior not in own)
    return of_size({prior: models[prior] for prior in first}, models[own[0]].patch_size)


def gray_images(experiment: Experiment) -> dict[str, Tensor]:
    """Return the clean test images of all data sets in gray, H × W."""
    return {name: gray_plane(image) for name, image in experiment.clean_images().items()}


def centre(image: Tensor, side: int) -> Tensor:
    """Return the centre of an image, H × W, at most ``side`` × ``side``."""
    top, left = (max(0, (length - side) // 2) for length in image.shape)
    return image[top : top + side, left : left + side]


def tiles_by_image(images: Iterable[Tensor], size: int, count: int) -> list[Tensor]:
    """Return tiles of each image, n × T × T, about ``count`` together.

    They are a function of the images alone. Images smaller than a tile have none.
    """
    usable = [image for image in images if min(image.shape) >= size]
    share = max(1, count // max(1, len(usable)))
    held_out = (
        draw_patches([image[None, None]], size, share, 1.0, torch.Generator())[1]
        for image in usable
    )
    return [patches[:].view(-1, size, size) for patches in held_out]
