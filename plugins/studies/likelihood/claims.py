"""Five sentences of Zoran & Weiss, ICCV 2011, and whether an experiment bears them out.

The images are the sample: intervals are Student's at 95 % over images, and comparisons are paired
by image. A sentence about several models, data sets or noise levels holds if it holds for each.
That needs no correction for their number: the more there are, the harder it is (the
intersection–union test, Berger 1982, doi:10.1080/00401706.1982.10487790). It fails if it fails for
one, which is not corrected: where that one is close to 0 and the comparisons are many, chance may
have done it.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import pandas as pd

from priorbench.report.figures.style import family
from priorbench.results import Claim, Results, every

from .intervals import difference, rank_correlation
from .tables import by_image, cells

SOURCE = "Zoran & Weiss, ICCV 2011, doi:10.1109/ICCV.2011.6126278, question {}"
ORDER = ("ind-pixel", "mvg", "pca", "ica", "gmm")
"""Names of the models from the least to the most likely, as the paper has them."""

NO_IMAGES = "no Gaussian denoising task has a PSNR that every model reached on a common image"
NO_MODELS = "no patch models were measured on a common image"
Part = tuple[str, bool | None]
"""The evidence of one data set and noise level, and what it decides."""


def claims(measured: pd.DataFrame, results: Results) -> list[Claim]:
    """Return the claims with their verdicts.

    Args:
        measured: rows of :func:`.measure.measure`.
        results: names, labels and training curves of the models.
    """
    parts: list[list[Part]] = [[] for _ in range(4)]
    chosen = _chosen(measured, results)
    for dataset, _, sigma, cell in cells(measured):
        where = f"{dataset}, σ = {sigma:g}"
        likelihood, error, epll = (
            by_image(cell, name) for name in ("log_likelihood", "patch_mse", "epll")
        )
        parts[0] += _together(where, likelihood, -error)
        parts[1] += _together(where, likelihood, epll)
        parts[2] += _ways(where, cell, results)
        parts[3] += _best(where, epll, chosen.get("gmm"), results)
    order = _order(measured, chosen, results)
    absent = [name for name in ORDER if name not in chosen]
    return [
        _claim("A likelier patch model denoises single patches better", 1, parts[0], NO_MODELS),
        _claim(
            "A likelier patch model restores whole images better by EPLL", 2, parts[1], NO_IMAGES
        ),
        _claim(
            "Likelihood rises from independent pixels to the Gaussian, PCA, ICA and the Gaussian mixture",
            1,
            order,
            f"not there: {', '.join(absent)}",
        ),
        _claim(
            "EPLL beats the average of single-patch MAP estimates, and this beats patches that don't overlap, for "
            "every model",
            2,
            parts[2],
            NO_IMAGES,
        ),
        _claim(
            "The Gaussian mixture restores whole images better than every other patch model",
            3,
            parts[3],
            NO_IMAGES if "gmm" in chosen else "not there: gmm",
        ),
    ]


def _together(where: str, likelihood: pd.DataFrame, quality: pd.DataFrame) -> list[Part]:
    """Return whether models that are likelier are better."""
    models = quality.columns
    if len(models) < 3 or quality.empty:
        return [(f"{where}: fewer than three models", None)] if len(models) else []
    rho = rank_correlation(likelihood[models].to_numpy(), quality.to_numpy())
    return [
        (
            f"{where}: mean Spearman's ρ = {rho} of {len(models)} models "
            f"over {len(quality)} images",
            rho.positive,
        )
    ]


def _order(measured: pd.DataFrame, chosen: dict[str, str], results: Results) -> list[Part]:
    parts: list[Part] = []
    rows = measured.drop_duplicates(["dataset", "image", "prior"])
    for dataset, cell in rows.groupby("dataset", sort=False) if len(chosen) == len(ORDER) else ():
        values = by_image(cell, "log_likelihood")
        priors = [chosen[name] for name in ORDER]
        steps = [difference(values[above], values[below]) for below, above in pairwise(priors)]
        text = f"{_label(priors[0], results)} {values[priors[0]].mean():.1f}" + "".join(
            f", {_label(prior, results)} {step}"
            for prior, step in zip(priors[1:], steps, strict=True)
        )
        parts.append(
            (
                f"{dataset}: {text} nats per patch above the one before",
                every(step.positive for step in steps),
            )
        )
    return parts


def _ways(where: str, cell: pd.DataFrame, results: Results) -> list[Part]:
    epll, averaged, apart = (
        by_image(cell, name) for name in ("epll", "averaged", "non_overlapping")
    )
    if epll.empty:
        return []
    texts, verdicts = [], []
    for words, better, worse in (
        ("EPLL over averaging", epll, averaged),
        ("averaging over non-overlapping", averaged, apart),
    ):
        gains = {prior: difference(better[prior], worse[prior]) for prior in epll.columns}
        least = min(gains, key=lambda prior: (gains[prior].low, gains[prior].value))
        above = [gain.positive for gain in gains.values()]
        counts = f"above 0 for {above.count(True)} of {len(above)} models"
        texts.append(f"{words} at least {gains[least]} dB ({_label(least, results)}), {counts}")
        verdicts += above
    return [(f"{where}: {', '.join(texts)}, over {len(epll)} images", every(verdicts))]


def _best(where: str, epll: pd.DataFrame, mixture: str | None, results: Results) -> list[Part]:
    rivals = [prior for prior in epll.columns if family(str(prior)) != "gmm"]
    if mixture is None or epll.empty or mixture not in epll:
        return []
    if not rivals:
        return [(f"{where}: no other patch model", None)]
    leads = {prior: difference(epll[mixture], epll[prior]) for prior in rivals}
    nearest = min(leads, key=lambda prior: (leads[prior].low, leads[prior].value))
    text = (
        f"{_label(mixture, results)} {epll[mixture].mean():.2f} dB, {leads[nearest]} dB above its nearest rival "
        f"({_label(nearest, results)}) of {len(rivals)}, over {len(epll)} images"
    )
    return [(f"{where}: {text}", every(lead.positive for lead in leads.values()))]


def _chosen(measured: pd.DataFrame, results: Results) -> dict[str, str]:
    """Return for each name of ``ORDER`` its model; of several, the likeliest in training: not on the test images."""
    likelihood = {
        prior: results.training[prior]["held_out_log_likelihood"].max()
        for prior in measured["prior"].unique()
    }
    own = {name: [prior for prior in likelihood if results.names[prior] == name] for name in ORDER}
    return {name: max(priors, key=likelihood.__getitem__) for name, priors in own.items() if priors}


def _label(prior: str, results: Results) -> str:
    return results.catalogue.prior_label(prior)


def _claim(statement: str, question: int, parts: Sequence[Part], otherwise: str) -> Claim:
    return Claim(
        statement=statement,
        source=SOURCE.format(question),
        evidence="; ".join(text for text, _ in parts) or otherwise,
        holds=every(verdict for _, verdict in parts),
    )
