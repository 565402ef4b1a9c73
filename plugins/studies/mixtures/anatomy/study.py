"""Study ``gmm-anatomy``: what has a mixture of patches learned?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from plugins.gmm.em import log_likelihood
from plugins.gmm.mixture import Mixture
from priorbench.numerics.patches import mean_free_basis, mean_log_likelihoods
from priorbench.results import Claim, Findings, Results, every, inside
from priorbench.results.statistics import mean_interval

from .. import components, scales, selection
from ..selection import Specimen
from ..verdicts import no_figure
from . import tails
from .figure import draw
from .tails import Estimate

SOURCE = "Zoran & Weiss, NIPS 2012"
FILTERS = 64
DECADE = 10.0
TOLERANCE = 2.0
"""The factor within which an excess kurtosis counts as reproduced."""
NO_MODEL = "no fitted gmm, or no test image as large as a patch"
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
class Anatomy:
    """What is drawn and said of a mixture.

    Args:
        specimen: the mixture and its patches.
        table: its components, heaviest first; see :func:`anatomy`.
        covariances: of the pixels, K × D × D.
        patches: without their means, N × D, by where they come from: the kind of patches, the mixture, its Gaussian.
        kurtosis: of the responses of random filters, for each of those.
        at_unit_contrast: the same of the patches divided by their contrasts.
        likelihoods: mean log-likelihood of each block of patches in nats: under the Gaussian, under
            scaled copies, and under the mixture.
    """

    specimen: Specimen
    table: pd.DataFrame
    covariances: Tensor
    patches: dict[str, Tensor]
    kurtosis: dict[str, Estimate]
    at_unit_contrast: Estimate
    likelihoods: tuple[np.ndarray, np.ndarray, np.ndarray]


def anatomy(results: Results) -> Findings:
    """Return the findings for the largest mixture that learned from photographs, and from dead leaves if there is one.

    The table has a row for each component: ``prior``, ``component``, ``weight`` π, ``contrast`` (on the scale of pixels
    on [0, 1]), ``effective_rank``, ``share_1`` and ``share_2`` (parts of the variance that the two strongest
    eigenvectors hold), ``coherence`` of the strongest, and ``group``, all as :mod:`.components` defines them.
    """
    specimens = [
        specimen
        for specimen in (selection.natural(results), selection.dead_leaves(results))
        if specimen
    ]
    if not specimens:
        claims = [
            Claim(statement=s, source=SOURCE, evidence=NO_MODEL, holds=None)
            for s in _statements("patches")
        ]
        return Findings(
            table=pd.DataFrame(columns=list(COLUMNS)), figure=no_figure(NO_MODEL), claims=claims
        )
    dissected = [dissect(specimen) for specimen in specimens]
    return Findings(
        table=pd.concat([one.table for one in dissected], ignore_index=True),
        figure=draw(dissected),
        claims=[claim for one in dissected for claim in claims_of(one)],
    )


def dissect(specimen: Specimen) -> Anatomy:
    """Return the anatomy of a mixture."""
    model = specimen.model
    mixture = model.mixture
    basis = mean_free_basis(model.patch_size**2)
    covariances = basis @ mixture.covariances @ basis.mT
    data = selection.without_mean(specimen.blocks)
    count = sum(map(len, data))
    generator = torch.Generator().manual_seed(0)
    gaussian = scales.one_gaussian(mixture)
    patches = {
        specimen.kind: torch.cat(data),
        "mixture": mixture.sample(count, generator) @ basis.mT,
        "Gaussian": gaussian.sample(count, generator) @ basis.mT,
    }
    filters = tails.random_filters(len(basis), FILTERS)
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
        kurtosis={name: tails.kurtosis(own, filters) for name, own in blocks.items()},
        at_unit_contrast=tails.kurtosis(tails.to_unit_contrast(data), filters),
        likelihoods=(
            _likelihoods(gaussian, data, basis),
            _likelihoods(scales.scaled_copies(mixture), data, basis),
            mean_log_likelihoods(model.log_prob, specimen.blocks),
        ),
    )


def component_table(prior: str, weights: Tensor, covariances: Tensor) -> pd.DataFrame:
    """Return the rows of :func:`anatomy` for one mixture, heaviest component first.

    Args:
        prior: its id.
        weights: π, K.
        covariances: of the pixels, K × D × D.
    """
    shares = components.shares(covariances)
    table = pd.DataFrame(
        {
            "prior": prior,
            "component": range(len(weights)),
            "weight": weights.numpy(),
            "contrast": components.contrasts(covariances).numpy(),
            "effective_rank": components.effective_ranks(covariances).numpy(),
            "share_1": shares[:, 0].numpy(),
            "share_2": shares[:, 1].numpy(),
            "coherence": components.coherences(components.leading(covariances, 1)[..., 0]).numpy(),
            "group": components.groups(covariances),
        }
    )
    return table.sort_values("weight", ascending=False, ignore_index=True)


def claims_of(found: Anatomy) -> list[Claim]:
    """Return the verdicts on one mixture."""
    kind, label = found.specimen.kind, found.specimen.label
    data, mixture, gaussian = (found.kurtosis[name] for name in (kind, "mixture", "Gaussian"))
    heavy = inside(data.interval, tails.GAUSSIAN)
    left, reproduced = (
        tails.excess_ratio(other, data) for other in (found.at_unit_contrast, mixture)
    )
    contrast = found.table["contrast"]
    spread = float(contrast.max() / contrast.min())
    single = len(contrast) == 1
    below, copies, above = (each.mean() for each in found.likelihoods)
    share = (copies - below) / (above - below) if above > below else float("nan")
    verdicts = [
        (
            every([heavy, inside(left.interval, -inf, 0.5) if heavy else None]),
            f"mean kurtosis of the responses of {FILTERS} random filters {data}, to patches divided by their contrast "
            f"{found.at_unit_contrast}; a Gaussian has {tails.GAUSSIAN:g}",
        ),
        (
            inside(reproduced.interval, 1 / TOLERANCE, TOLERANCE) if heavy else None,
            f"kurtosis: patches {data}, samples of {label} {mixture}, of a Gaussian with its covariance {gaussian}; "
            f"the mixture has {reproduced} of the patches' excess over {tails.GAUSSIAN:g}",
        ),
        (
            None if single else spread > DECADE,
            f"{len(contrast)} components of {label}: contrast from {contrast.min():.2g} to {contrast.max():.2g}, "
            f"a factor of {spread:.0f}",
        ),
        (
            None if single else inside(_more_than_half(found), 0),
            f"log-likelihood of {kind} in nats per patch: Gaussian {below:.1f}, scaled copies {copies:.1f}, "
            f"{label} {above:.1f}: {100 * share:.0f} % of the gain",
        ),
    ]
    return [
        Claim(statement=statement, source=SOURCE, evidence=evidence, holds=holds)
        for statement, (holds, evidence) in zip(_statements(kind), verdicts, strict=True)
    ]


def _statements(kind: str) -> Sequence[str]:
    return (
        f"Linear filters respond to patches of {kind} with heavy tails, and more than half of the excess kurtosis "
        "comes from how the contrast varies.",
        f"A mixture reproduces those tails on {kind} within a factor of {TOLERANCE:g} in excess kurtosis; "
        "one Gaussian has none.",
        f"The contrasts of the components learned for {kind} span more than a factor of {DECADE:g}.",
        "Scaled copies of one covariance, with the mixture's weights and their own contrasts, give more than half of "
        f"its gain in likelihood over one Gaussian on {kind}.",
    )


def _likelihoods(density: Mixture, data: Sequence[Tensor], basis: Tensor) -> np.ndarray:
    """Return the mean log-likelihood of each block of patches without their mean, in nats."""
    return np.array([log_likelihood(density, [(block @ basis).mT.contiguous()]) for block in data])


def _more_than_half(found: Anatomy) -> tuple[float, float]:
    """Return the interval of the gain of scaled copies less half of the mixture's, in nats."""
    below, copies, above = found.likelihoods
    return mean_interval(copies - below - (above - below) / 2)
