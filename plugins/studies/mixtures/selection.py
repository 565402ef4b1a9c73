"""Which mixtures of an experiment the studies look at, and on which patches."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from plugins.gmm.model import GMM
from priorbench.numerics.patches import draw_patches, probe_patches
from priorbench.studies import Experiment
from priorbench.types import Patches

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


def natural(experiment: Experiment, components: int | None = None) -> Specimen | None:
    """Return the largest ``gmm`` with patches of all test images.

    Args:
        experiment: the experiment.
        components: a mixture of this size goes before the largest.

    Returns:
        None if no ``gmm`` was fitted or no image is as large as a patch.
    """
    prior = largest(experiment, "gmm", components=components)
    if prior is None:
        return None
    model: GMM = experiment.prior(prior)
    blocks = list(probe_patches(experiment.clean_images(), model.patch_size).values())
    label = experiment.catalogue.prior_label(prior)
    return Specimen(prior, label, "test images", model, blocks) if blocks else None


def dead_leaves(experiment: Experiment, patch_size: int | None = None) -> Specimen | None:
    """Return the largest ``gmm-dead-leaves`` with the patches that its training held out.

    Args:
        experiment: the experiment.
        patch_size: other mixtures are passed over; None for any.

    Returns:
        None if none was fitted.
    """
    prior = largest(experiment, "gmm-dead-leaves", patch_size=patch_size)
    if prior is None:
        return None
    model: GMM = experiment.prior(prior)
    options = model.parameters
    # The same numbers as in training hold out the same patches.
    _, held_out = draw_patches(
        list(experiment.training_images(prior).values()),
        options.patch_size,
        options.n_patches,
        options.held_out,
        torch.Generator().manual_seed(0),
        options.grid,
    )
    blocks = torch.chunk(held_out[:PATCHES], BLOCKS)
    label = experiment.catalogue.prior_label(prior)
    return Specimen(prior, label, "dead leaves", model, blocks)


def gaussian(experiment: Experiment, patch_size: int) -> str | None:
    """Return the id of a fitted ``mvg``, else that of a ``gmm`` with one component, else None."""
    single = largest(experiment, "gmm", patch_size, components=1)
    if single is not None and experiment.parameters[single]["n_components"] != 1:
        single = None
    return largest(experiment, "mvg", patch_size) or single


def largest(
    experiment: Experiment,
    name: str,
    patch_size: int | None = None,
    components: int | None = None,
) -> str | None:
    """Return the id of the fitted mixture with the most components, or None.

    Args:
        experiment: the experiment.
        name: of the spec.
        patch_size: other mixtures are passed over; None for any.
        components: a mixture of this size goes before the largest.
    """
    parameters = experiment.parameters

    def size(prior: str) -> tuple[bool, int]:
        own: int = parameters[prior]["n_components"]
        return own == components, own

    fitted = [
        prior
        for prior in experiment.fitted(name)
        if patch_size in (None, parameters[prior].get("patch_size", patch_size))
    ]
    return max(fitted, key=size, default=None)


def without_mean(blocks: Sequence[Patches]) -> list[Tensor]:
    """Return the patches less their means, in float64."""
    return [block.double() - block.double().mean(1, keepdim=True) for block in blocks]
