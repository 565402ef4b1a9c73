"""Study ``gmm-dead-leaves``: does a mixture learn the same from dead leaves as from photographs?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch

from priorbench.data.mini_dead_leaves import mini_dead_leaves
from priorbench.data.synthetic import MiniDeadLeavesParameters
from priorbench.numerics.patches import mean_free_basis
from priorbench.results import Claim, Findings, Results, every, in_words, inside
from priorbench.results.statistics import mean_interval
from priorbench.types import Patches

from .. import components, selection
from ..selection import Specimen
from ..verdicts import no_figure
from . import transfer
from .alignment import Alignment, align
from .figure import draw

SOURCE = "Zoran & Weiss, NIPS 2012"
MARGIN = 1.0
"""dB that the mixture learned from dead leaves may fall behind."""
AXES = 5
"""Dimensions of the subspaces that are compared."""
SIGNIFICANT = 0.05
NO_PAIR = (
    "no fitted gmm and gmm-dead-leaves of one patch size, or no test image as large as a patch"
)
STATEMENTS = (
    "A mixture learned from dead leaves gives photographs more likelihood than a Gaussian learned from photographs.",
    "Components learned from dead leaves and from photographs, matched by their shape, span closer subspaces than "
    "random pairs, and than matched components with the same average covariance and scrambled shapes.",
    f"A mixture learned from dead leaves restores at most {MARGIN:g} dB worse than one learned from photographs.",
)


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
        axes: their eigenvectors, natural and dead leaves, each n × D × m, in the order of the matched pairs.
    """

    natural: Specimen
    leaves: Specimen
    gaussian: str | None
    likelihoods: dict[tuple[str, str], np.ndarray]
    psnr: dict[tuple[str, str], pd.DataFrame]
    alignment: Alignment | None
    axes: tuple[torch.Tensor, torch.Tensor]


def dead_leaves(results: Results) -> Findings:
    """Return the findings for the largest mixture learned from dead leaves, and that of photographs of the same size.

    Without one of the same size it is the largest. The table has a row for each number: ``quantity``, ``unit``,
    ``model``, ``on`` (patches, data set and task, or pairs of components), the mean ``value``, and from ``low`` to
    ``high`` the interval at 95 % over images or blocks of patches; of angles, the 10 and 90 %
    quantiles over pairs.
    """
    compared = compare(results)
    if compared is None:
        claims = [
            Claim(statement=each, source=SOURCE, evidence=NO_PAIR, holds=None)
            for each in STATEMENTS
        ]
        return Findings(
            table=pd.DataFrame(columns=list(transfer.COLUMNS)),
            figure=no_figure(NO_PAIR),
            claims=claims,
        )
    verdicts = (_likelier(compared), _closer(compared), _restores(compared))
    claims = [
        Claim(statement=statement, source=SOURCE, evidence=evidence, holds=holds)
        for statement, (holds, evidence) in zip(STATEMENTS, verdicts, strict=True)
    ]
    return Findings(table=_table(compared), figure=draw(compared, results.catalogue), claims=claims)


def compare(results: Results) -> Compared | None:
    """Return the two mixtures side by side, or None if there are no two of one patch size."""
    first = selection.largest(results, "gmm")
    if first is None:
        return None
    leaves = selection.dead_leaves(results, results.parameters[first].get("patch_size", 8))
    if leaves is None:
        return None
    natural = selection.natural(results, leaves.model.parameters.n_components)
    if natural is None or natural.model.patch_size != leaves.model.patch_size:
        return None
    size = natural.model.patch_size
    gaussian = selection.gaussian(results, size)
    models = {natural.prior: natural.model, leaves.prior: leaves.model}
    if gaussian:
        models[gaussian] = results.material.prior(gaussian)
    sets = {each.kind: each.blocks for each in (natural, leaves)} | {
        "mini dead leaves": mini_blocks(size)
    }
    alignment, axes = align_visible(natural, leaves)
    return Compared(
        natural=natural,
        leaves=leaves,
        gaussian=gaussian,
        likelihoods=transfer.block_log_likelihoods(models, sets),
        psnr=results.by_image("psnr", list(models)),
        alignment=alignment,
        axes=axes,
    )


def mini_blocks(patch_size: int) -> Sequence[Patches]:
    """Return fresh patches of mini dead leaves, in blocks."""
    parameters = MiniDeadLeavesParameters(patch=patch_size)
    patches, _ = mini_dead_leaves(selection.PATCHES, parameters, np.random.default_rng(0))
    return torch.chunk(torch.from_numpy(patches).flatten(1), selection.BLOCKS)


def align_visible(
    natural: Specimen, leaves: Specimen
) -> tuple[Alignment | None, tuple[torch.Tensor, torch.Tensor]]:
    """Match the components that are not flat; the axes of a flat one are those of rounding.

    Returns:
        the alignment, None where a mixture has only flat components, and the leading eigenvectors of the matched pairs,
        those with the heaviest natural component first.
    """
    basis = mean_free_basis(natural.model.patch_size**2)
    visible = []
    for specimen in (natural, leaves):
        mixture = specimen.model.mixture
        ordered = mixture.covariances[mixture.weights.argsort(descending=True)]
        visible.append(ordered[components.contrasts(basis @ ordered @ basis.mT) >= components.FLAT])
    count = min(AXES, basis.shape[1])
    axes = [basis @ components.leading(covariances, count) for covariances in visible]
    if not all(map(len, visible)):
        return None, (axes[0][:0], axes[1][:0])
    alignment = align(visible[0], visible[1], count)
    return alignment, (axes[0][alignment.rows], axes[1][alignment.columns])


def _likelier(compared: Compared) -> tuple[bool | None, str]:
    if compared.gaussian is None:
        return None, "the experiment has neither an mvg nor a gmm with one component"
    on = compared.natural.kind
    leaves, gaussian = (
        compared.likelihoods[model, on] for model in (compared.leaves.prior, compared.gaussian)
    )
    bounds = mean_interval(leaves - gaussian)
    return inside(bounds, 0), (
        f"{compared.leaves.prior} {leaves.mean():.1f}, {compared.gaussian} {gaussian.mean():.1f} nats per patch; "
        f"difference {_interval(leaves - gaussian, 1)} over {len(leaves)} images"
    )


def _closer(compared: Compared) -> tuple[bool | None, str]:
    if compared.alignment is None or min(compared.alignment.angles.shape[:2]) < 2:
        return None, "fewer than two components of a mixture are not flat"
    matched, others = compared.alignment.matched, compared.alignment.others
    p_values = compared.alignment.against_random_pairs(), compared.alignment.against_scrambled()
    scrambled = compared.alignment.scrambled.mean()
    # Against the claim is what lies as far on the other side.
    apart = max(p_values) > 1 - SIGNIFICANT
    holds = True if max(p_values) < SIGNIFICANT else False if apart else None
    return holds, (
        f"mean principal angle of {matched.shape[1]} leading eigenvectors: {len(matched)} matched pairs "
        f"{matched.mean():.1f}°, other pairs {others.mean():.1f}° (p = {p_values[0]:.2g}), "
        f"pairs matched after scrambling {scrambled:.1f}° (p = {p_values[1]:.2g})"
    )


def _restores(compared: Compared) -> tuple[bool | None, str]:
    verdicts, parts = [], []
    for (dataset, task), values in compared.psnr.items():
        difference = (values[compared.leaves.prior] - values[compared.natural.prior]).to_numpy()
        verdicts.append(inside(mean_interval(difference), -MARGIN))
        parts.append(f"{task} on {dataset} {_interval(difference, 2)}")
    return every(
        verdicts
    ), f"difference in dB: {'; '.join(parts)}" if parts else "no image that all restored"


def _interval(values: np.ndarray, digits: int) -> str:
    return f"{values.mean():+.{digits}f} {in_words(mean_interval(values), digits)}"


def _deciles(values: np.ndarray) -> tuple[float, float]:
    low, high = np.quantile(values, (0.1, 0.9))
    return float(low), float(high)


def _table(compared: Compared) -> pd.DataFrame:
    rows = [
        transfer.row("log-likelihood", "nats per patch", model, on, values)
        for (model, on), values in compared.likelihoods.items()
    ]
    rows += [
        transfer.row("PSNR", "dB", str(model), f"{dataset} {task}", values[model].to_numpy())
        for (dataset, task), values in compared.psnr.items()
        for model in values.columns
    ]
    if compared.alignment is not None:
        pairs = {
            "matched pairs": compared.alignment.matched,
            "pairs matched after scrambling": compared.alignment.scrambled.flatten(0, 1),
            "other pairs": compared.alignment.others,
        }
        models = f"{compared.natural.prior}, {compared.leaves.prior}"
        rows += [
            transfer.row(
                f"principal angle {number + 1}",
                "degrees",
                models,
                on,
                angles[:, number].numpy(),
                _deciles,
            )
            for on, angles in pairs.items()
            for number in range(angles.shape[1])
            if len(angles)
        ]
    return pd.DataFrame(rows, columns=list(transfer.COLUMNS))
