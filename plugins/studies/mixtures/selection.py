"""Which mixtures of an experiment the studies open, and the patches that they are measured on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from plugins.gmm.model import GMM
from priorbench.numerics.patches import draw_patches, probe_patches
from priorbench.results import Results
from priorbench.types import Image, Patches

PATCHES = 20_000
"""Patches in a set that is not of test images."""
BLOCKS = 100
"""Parts that are the sample where patches are not told apart by image."""


@dataclass(frozen=True)
class Specimen:
    """A fitted mixture, with patches of the kind that it is meant for.

    Args:
        prior: its id.
        label: its name in figures.
        kind: of the patches, for example ``"test images"``.
        model: the prior.
        blocks: patches it has not learned from, each n × D; the units of the sample: images where
            the patches are told apart by image.
    """

    prior: str
    label: str
    kind: str
    model: GMM
    blocks: Sequence[Patches]


def natural(results: Results, components: int | None = None) -> Specimen | None:
    """Return the largest ``gmm`` with patches of all test images, or None if none was fitted or no image is left.

    Args:
        results: of the experiment.
        components: a mixture of this size goes before the largest.
    """
    prior = largest(results, "gmm", components=components)
    if prior is None:
        return None
    model: GMM = results.material.prior(prior)
    blocks = list(probe_patches(clean_images(results), model.patch_size).values())
    label = results.catalogue.prior_label(prior)
    return Specimen(prior, label, "test images", model, blocks) if blocks else None


def dead_leaves(results: Results, patch_size: int | None = None) -> Specimen | None:
    """Return the largest ``gmm-dead-leaves`` with the patches that its training held out, or None if none was fitted.

    Args:
        results: of the experiment.
        patch_size: other mixtures are passed over; None for any.
    """
    prior = largest(results, "gmm-dead-leaves", patch_size=patch_size)
    if prior is None:
        return None
    model: GMM = results.material.prior(prior)
    options = model.parameters
    images = list(results.material.training_images(prior).values())
    # The same numbers as in training hold out the same patches.
    _, held_out = draw_patches(
        images,
        options.patch_size,
        options.n_patches,
        options.held_out,
        torch.Generator().manual_seed(0),
        options.grid,
    )
    blocks = torch.chunk(held_out[:PATCHES], BLOCKS)
    return Specimen(prior, results.catalogue.prior_label(prior), "dead leaves", model, blocks)


def gaussian(results: Results, patch_size: int) -> str | None:
    """Return the id of a fitted ``mvg``, else that of a ``gmm`` with one component, else None."""
    single = largest(results, "gmm", patch_size, components=1)
    if single is not None and results.parameters[single]["n_components"] != 1:
        single = None
    return largest(results, "mvg", patch_size) or single


def largest(
    results: Results, name: str, patch_size: int | None = None, components: int | None = None
) -> str | None:
    """Return the id of the fitted mixture with the most components, or None.

    Args:
        results: of the experiment.
        name: of the record.
        patch_size: other mixtures are passed over; None for any.
        components: a mixture of this size goes before the largest.
    """
    fitted = [
        prior
        for prior, own in results.names.items()
        if own == name
        and prior in results.training
        and patch_size in (None, results.parameters[prior].get("patch_size", patch_size))
    ]

    def size(prior: str) -> tuple[bool, int]:
        own: int = results.parameters[prior]["n_components"]
        return own == components, own

    return max(fitted, key=size, default=None)


def without_mean(blocks: Sequence[Patches]) -> list[Tensor]:
    """Return the patches less their means, in float64."""
    return [block.double() - block.double().mean(1, keepdim=True) for block in blocks]


def clean_images(results: Results) -> dict[str, Image]:
    """Return the clean test images of all data sets."""
    return {
        f"{dataset}/{name}": image
        for dataset in results.catalogue.datasets
        for name, image in results.material.test_images(dataset).items()
    }
