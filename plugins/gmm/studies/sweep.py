"""Study ``gmm-sweep``: does a likelier patch prior restore better?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import pandas as pd
from scipy.stats import kendalltau

from priorbench.results import Claim, Findings, Results, every

from .components import effective_number
from .sweep_figure import draw

SOURCE = "Zoran & Weiss, NIPS 2012"
LIKELIHOOD = "held_out_log_likelihood"
EFFECTIVE = "effective_components"
SIGNIFICANT = 0.05


def sweep(results: Results) -> Findings:
    """Return the findings of the sweep over K.

    The table has one row for each mixture: ``prior``, ``n_components``, ``held_out_log_likelihood`` in nats per patch
    (the best of its training, which is the one that was kept), ``effective_components``, the perplexity
    exp(−Σₖ πₖ log πₖ) of its weights, and the mean PSNR in dB of each data set and task.
    A mean is over the images that every mixture restored, so that all of a column's numbers are comparable.
    """
    table = sweep_table(results)
    variants = _variants(list(table["prior"]), results.parameters)
    cells = _cells(table, results)
    titles = {
        LIKELIHOOD: ("held-out log-likelihood", "nats per patch"),
        EFFECTIVE: ("effective number of components", "exp H(π)"),
        **{
            column: (f"{results.catalogue.tasks[task]}\n{data}", "mean PSNR (dB)")
            for column, data, task in cells
        },
    }
    claims = [
        likelihood_rises(table, variants),
        *(psnr_rises(table, column, f"{t} on {d}") for column, d, t in cells),
    ]
    return Findings(
        table=table, figure=draw(table, variants, titles, count=EFFECTIVE), claims=claims
    )


def sweep_table(results: Results) -> pd.DataFrame:
    """Return the table of :func:`sweep`."""
    mixtures = [
        prior
        for prior, name in results.names.items()
        if prior in results.training and name == "gmm"
    ]
    weights = (results.material.prior(prior).mixture.weights for prior in mixtures)
    table = pd.DataFrame(
        {
            "prior": mixtures,
            "n_components": [results.parameters[prior]["n_components"] for prior in mixtures],
            LIKELIHOOD: [float(results.training[prior][LIKELIHOOD].max()) for prior in mixtures],
            EFFECTIVE: [effective_number(own) for own in weights],
        }
    )
    scores = results.scores
    own = scores[
        (scores["metric"] == "psnr")
        & scores["prior"].isin(mixtures)
        & (scores["source"] != "paper")
    ]
    for dataset in results.catalogue.datasets:
        for task in results.catalogue.tasks:
            cell = own[(own["dataset"] == dataset) & (own["task"] == task)]
            if not cell.empty:
                by_image = cell.pivot(index="image", columns="prior", values="value").dropna()
                table[_column(dataset, task)] = table["prior"].map(by_image.mean())
    return table.sort_values(["n_components", "prior"], ignore_index=True)


def likelihood_rises(table: pd.DataFrame, variants: Sequence[str]) -> Claim:
    """Return whether each step to more components, all else equal, raises the held-out likelihood."""
    verdicts: list[bool | None] = []
    parts = []
    for variant, own in table.assign(variant=list(variants)).groupby("variant", sort=False):
        points = list(zip(own["n_components"], own[LIKELIHOOD], strict=True))
        verdicts += [high > low for (_, low), (_, high) in pairwise(points)]
        parts.append(
            ", ".join(
                [
                    *([str(variant)] if variant else []),
                    *(f"K={k}: {value:.1f}" for k, value in points),
                ]
            )
        )
    return Claim(
        statement="The likelihood of held-out patches rises with the number of components, over the whole sweep.",
        source=SOURCE,
        evidence=f"nats per patch: {'; '.join(parts)}"
        if verdicts
        else "fewer than two numbers of components",
        holds=every(verdicts),
    )


def psnr_rises(table: pd.DataFrame, column: str, where: str) -> Claim:
    """Return whether the PSNR rises with K, by the one-sided exact test of Kendall's τ (doi:10.1093/biomet/30.1-2.81).

    Fewer than four mixtures can't be significant at 5 % in whatever order.

    Args:
        table: of :func:`sweep`.
        column: the PSNR.
        where: the task and the data set, for the statement.
    """
    values = table[["n_components", column]].dropna()
    # Constant columns have no rank correlation.
    tau, p = (
        kendalltau(values["n_components"], values[column], alternative="greater")
        if len(values) > 1
        else (0, 1)
    )
    holds = (
        True if p < SIGNIFICANT else False if tau < 0 or (len(values) > 3 and not tau > 0) else None
    )
    return Claim(
        statement=f"PSNR rises with the number of components: {where}.",
        source=SOURCE,
        evidence=f"Kendall's τ = {tau:.2f} over {len(values)} mixtures, p = {p:.2g}; "
        + ", ".join(
            f"K={k:.0f}: {psnr:.2f} dB"
            for k, psnr in zip(values["n_components"], values[column], strict=True)
        ),
        holds=holds,
    )


def _cells(table: pd.DataFrame, results: Results) -> list[tuple[str, str, str]]:
    """Return the columns of PSNR, each with its data set and task."""
    pairs = [
        (dataset, task)
        for dataset in results.catalogue.datasets
        for task in results.catalogue.tasks
    ]
    return [(_column(*pair), *pair) for pair in pairs if _column(*pair) in table]


def _column(dataset: str, task: str) -> str:
    return f"psnr_db {dataset} {task}"


def _variants(priors: Sequence[str], parameters: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Return for each prior what tells it from the others beside K, for example ``"start=random"``."""
    others = [
        {k: v for k, v in parameters[prior].items() if k != "n_components"} for prior in priors
    ]
    varying = [
        key
        for key in (others[0] if others else ())
        if len({repr(values.get(key)) for values in others}) > 1
    ]
    return [", ".join(f"{key}={values.get(key)}" for key in varying) for values in others]
