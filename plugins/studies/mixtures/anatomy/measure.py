"""What a mixture of patches is made of, and how its samples compare with patches."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from plugins.gmm.em import log_likelihood
from plugins.gmm.mixture import Mixture
from priorbench.numerics.patches import mean_free_basis, mean_log_likelihoods

from .. import components, scales
from ..selection import Specimen, without_mean
from .tails import Kurtosis, kurtosis, random_filters, to_unit_contrast

FILTERS = 64
COLUMNS = (
    "prior",
    "component",
    "weight",
    "contrast",
    "effective_rank",
    "share_1",
    "share_2",
    "coherence",
    "group",
)


@dataclass(frozen=True)
class Likelihoods:
    """Mean log-likelihood of each block of patches in nats under three densities.

    Args:
        gaussian: one Gaussian with the covariance of the mixture.
        scaled_copies: of one covariance, with the mixture's weights and contrasts of their own.
        mixture: the mixture itself.
    """

    gaussian: np.ndarray
    scaled_copies: np.ndarray
    mixture: np.ndarray


@dataclass(frozen=True)
class Anatomy:
    """What is drawn and said of a mixture.

    Args:
        specimen: the mixture and its patches.
        table: its components, heaviest first; see :func:`component_table`.
        covariances: of the pixels, K × D × D.
        patches: without their means, N × D, by where they come from: the kind of patches, the
            mixture, its Gaussian.
        kurtosis: of the responses of random filters, for each of those.
        at_unit_contrast: the same of the patches divided by their contrasts.
        likelihoods: of the patches.
    """

    specimen: Specimen
    table: pd.DataFrame
    covariances: Tensor
    patches: dict[str, Tensor]
    kurtosis: dict[str, Kurtosis]
    at_unit_contrast: Kurtosis
    likelihoods: Likelihoods


def dissect(specimen: Specimen) -> Anatomy:
    """Return the anatomy of a mixture."""
    model = specimen.model
    mixture = model.mixture
    basis = mean_free_basis(model.patch_size**2)
    covariances = basis @ mixture.covariances @ basis.mT
    data = without_mean(specimen.blocks)
    count = sum(map(len, data))
    generator = torch.Generator().manual_seed(0)
    gaussian = scales.one_gaussian(mixture)
    patches = {
        specimen.kind: torch.cat(data),
        "mixture": mixture.sample(count, generator) @ basis.mT,
        "Gaussian": gaussian.sample(count, generator) @ basis.mT,
    }
    filters = random_filters(len(basis), FILTERS)
    # As many units of each, so that one can be left out of both.
    blocks: dict[str, Sequence[Tensor]] = {
        name: torch.tensor_split(own, len(data)) for name, own in patches.items()
    }
    blocks[specimen.kind] = data
    return Anatomy(
        specimen=specimen,
        table=component_table(specimen.prior, mixture.weights, covariances),
        covariances=covariances,
        patches=patches,
        kurtosis={name: kurtosis(own, filters) for name, own in blocks.items()},
        at_unit_contrast=kurtosis(to_unit_contrast(data), filters),
        likelihoods=Likelihoods(
            _likelihoods(gaussian, data, basis),
            _likelihoods(scales.scaled_copies(mixture), data, basis),
            mean_log_likelihoods(model.log_prob, specimen.blocks),
        ),
    )


def component_table(prior: str, weights: Tensor, covariances: Tensor) -> pd.DataFrame:
    """Return a row for each component of a mixture, heaviest first.

    Args:
        prior: its id.
        weights: π, K.
        covariances: of the pixels, K × D × D.

    Returns:
        ``prior``, ``component``, ``weight`` π, ``contrast`` (on the scale of pixels on [0, 1]),
        ``effective_rank``, ``share_1`` and ``share_2`` (parts of the variance that the two
        strongest eigenvectors hold), ``coherence`` of the strongest, and ``group``, all as
        :mod:`..components` defines them.
    """
    shares = components.shares(covariances)
    values = (
        prior,
        range(len(weights)),
        weights.numpy(),
        components.contrasts(covariances).numpy(),
        components.effective_ranks(covariances).numpy(),
        shares[:, 0].numpy(),
        shares[:, 1].numpy(),
        components.coherences(components.leading(covariances, 1)[..., 0]).numpy(),
        components.groups(covariances),
    )
    table = pd.DataFrame(dict(zip(COLUMNS, values, strict=True)))
    return table.sort_values("weight", ascending=False, ignore_index=True)


def _likelihoods(density: Mixture, data: Sequence[Tensor], basis: Tensor) -> np.ndarray:
    """Return the mean log-likelihood of each block of patches without their mean, in nats."""
    return np.array([log_likelihood(density, [(block @ basis).mT.contiguous()]) for block in data])
