"""A mixture learned from dead leaves beside one learned from photographs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from priorbench.numerics.patches import mean_free_basis, mean_log_likelihoods
from priorbench.priors import PatchPrior
from priorbench.studies import Experiment
from priorbench.synthetic.mini_dead_leaves import mini_dead_leaves
from priorbench.synthetic.sources import MiniDeadLeavesParameters
from priorbench.types import Patches

from .. import components, selection
from ..selection import Specimen
from .alignment import Alignment, align

AXES = 5
"""Dimensions of the subspaces that are compared."""


@dataclass(frozen=True)
class Compared:
    """Two mixtures, side by side.

    Args:
        natural: learned from photographs.
        leaves: learned from dead leaves.
        gaussian: the id of a Gaussian learned from photographs, if there is one.
        likelihoods: (model, patches) → mean log-likelihood of each block, in nats.
        psnr: (data set, task) → PSNR in dB, images × models.
        alignment: of those components that are not flat; None if a mixture has none.
        axes: their eigenvectors, natural and dead leaves, each n × D × m, in the order of the
            matched pairs.
    """

    natural: Specimen
    leaves: Specimen
    gaussian: str | None
    likelihoods: dict[tuple[str, str], np.ndarray]
    psnr: dict[tuple[str, str], pd.DataFrame]
    alignment: Alignment | None
    axes: tuple[Tensor, Tensor]


def compare(experiment: Experiment) -> Compared | None:
    """Return the two mixtures side by side, or None if there are no two of one patch size."""
    first = selection.largest(experiment, "gmm")
    if first is None:
        return None
    size = experiment.parameters[first].get("patch_size", 8)
    leaves = selection.dead_leaves(experiment, size)
    if leaves is None:
        return None
    natural = selection.natural(experiment, leaves.model.parameters.n_components)
    if natural is None or natural.model.patch_size != leaves.model.patch_size:
        return None
    size = natural.model.patch_size
    gaussian = selection.gaussian(experiment, size)
    models = {natural.prior: natural.model, leaves.prior: leaves.model}
    if gaussian:
        models[gaussian] = experiment.prior(gaussian)
    sets = {each.kind: each.blocks for each in (natural, leaves)}
    sets["mini dead leaves"] = mini_blocks(size)
    alignment, axes = align_visible(natural, leaves)
    return Compared(
        natural=natural,
        leaves=leaves,
        gaussian=gaussian,
        likelihoods=block_log_likelihoods(models, sets),
        psnr=experiment.by_image("psnr", list(models)),
        alignment=alignment,
        axes=axes,
    )


def block_log_likelihoods(
    models: Mapping[str, PatchPrior], sets: Mapping[str, Sequence[Patches]]
) -> dict[tuple[str, str], np.ndarray]:
    """Return for each model and set the mean log p of each block of patches, in nats."""
    return {
        (model, name): mean_log_likelihoods(prior.log_prob, blocks)
        for model, prior in models.items()
        for name, blocks in sets.items()
    }


def mini_blocks(patch_size: int) -> Sequence[Patches]:
    """Return fresh patches of mini dead leaves, in blocks."""
    parameters = MiniDeadLeavesParameters(patch=patch_size)
    patches, _ = mini_dead_leaves(selection.PATCHES, parameters, np.random.default_rng(0))
    return torch.chunk(torch.from_numpy(patches).flatten(1), selection.BLOCKS)


def align_visible(
    natural: Specimen, leaves: Specimen
) -> tuple[Alignment | None, tuple[Tensor, Tensor]]:
    """Match the components that are not flat; the axes of a flat one are those of rounding.

    Returns:
        the alignment, None where a mixture has only flat components, and the leading eigenvectors
        of the matched pairs, those with the heaviest natural component first.
    """
    basis = mean_free_basis(natural.model.patch_size**2)
    count = min(AXES, basis.shape[1])
    visible = []
    for specimen in (natural, leaves):
        mixture = specimen.model.mixture
        ordered = mixture.covariances[mixture.weights.argsort(descending=True)]
        visible.append(ordered[components.contrasts(basis @ ordered @ basis.mT) >= components.FLAT])
    first, second = (basis @ components.leading(covariances, count) for covariances in visible)
    if not all(map(len, visible)):
        return None, (first[:0], second[:0])
    alignment = align(visible[0], visible[1], count)
    return alignment, (first[alignment.rows], second[alignment.columns])
