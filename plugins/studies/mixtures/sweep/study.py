"""Study ``gmm-sweep``: does a likelier patch prior restore better?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

from priorbench.numerics.patches import mean_log_likelihoods, probe_patches
from priorbench.results import Claim, Findings, Results, every, in_words, inside
from priorbench.results.statistics import mean_interval

from .. import selection
from ..components import effective_number
from .figure import draw

SOURCE = "Zoran & Weiss, NIPS 2012"
LIKELIHOOD = "log_likelihood"
EFFECTIVE = "effective_components"


def sweep(results: Results) -> Findings:
    """Return the findings of the sweep over K.

    The table has one row for each mixture: ``prior``, ``n_components``, the mean ``log_likelihood``
    in nats per patch of the test images' :func:`priorbench.numerics.patches.probe_patches`,
    ``effective_components``, the perplexity exp(−Σₖ πₖ log πₖ) of its weights, and the mean PSNR in
    dB of each data set and task. A mean is over the images that every mixture restored, so that all
    of a column's numbers are comparable.
    """
    likelihoods = image_likelihoods(results)
    scores = results.by_image("psnr", list(likelihoods)) if likelihoods else {}
    table = sweep_table(results, likelihoods, scores)
    variants = _variants(list(table["prior"]), results.parameters)
    cells = [(_column(*cell), *cell) for cell in scores]
    titles = {
        LIKELIHOOD: ("log-likelihood of test patches", "nats per patch"),
        EFFECTIVE: ("effective number of components", "exp H(π)"),
        **{
            column: (f"{results.catalogue.tasks[task]}\n{data}", "mean PSNR (dB)")
            for column, data, task in cells
        },
    }
    claims = [
        likelihood_rises(table, variants, likelihoods),
        *(psnr_rises(table, values, f"{t} on {d}") for (d, t), values in scores.items()),
    ]
    return Findings(
        table=table, figure=draw(table, variants, titles, count=EFFECTIVE), claims=claims
    )


def image_likelihoods(results: Results) -> dict[str, np.ndarray]:
    """Return the mean log-likelihood of each test image's patches in nats, for each ``gmm``."""
    images = selection.clean_images(results)
    found = {}
    for prior, name in results.names.items():
        if prior in results.training and name == "gmm":
            model = results.material.prior(prior)
            blocks = probe_patches(images, model.patch_size).values()
            found[prior] = mean_log_likelihoods(model.log_prob, blocks)
    return found


def sweep_table(
    results: Results,
    likelihoods: Mapping[str, np.ndarray],
    scores: Mapping[tuple[str, str], pd.DataFrame],
) -> pd.DataFrame:
    """Return the table of :func:`sweep`.

    Args:
        results: of the experiment.
        likelihoods: of :func:`image_likelihoods`.
        scores: PSNR in dB of each data set and task, images × mixtures.
    """
    mixtures = list(likelihoods)
    weights = (results.material.prior(prior).mixture.weights for prior in mixtures)
    table = pd.DataFrame(
        {
            "prior": mixtures,
            "n_components": [results.parameters[prior]["n_components"] for prior in mixtures],
            LIKELIHOOD: [_mean(values) for values in likelihoods.values()],
            EFFECTIVE: [effective_number(own) for own in weights],
        }
    )
    for cell, values in scores.items():
        table[_column(*cell)] = table["prior"].map(values.mean())
    return table.sort_values(["n_components", "prior"], ignore_index=True)


def likelihood_rises(
    table: pd.DataFrame, variants: Sequence[str], likelihoods: Mapping[str, np.ndarray]
) -> Claim:
    """Return whether each step to more components, all else equal, raises the likelihood."""
    verdicts: list[bool | None] = []
    parts = []
    for variant, own in table.assign(variant=list(variants)).groupby("variant", sort=False):
        points = list(zip(own["n_components"], own["prior"], strict=True))
        words = [f"K={k}: {_mean(likelihoods[prior]):.1f}" for k, prior in points]
        for index, ((_, less), (_, more)) in enumerate(pairwise(points), start=1):
            step = likelihoods[more] - likelihoods[less]
            bounds = mean_interval(step)
            verdicts.append(inside(bounds, 0))
            words[index] += f" ({_mean(step):+.1f} {in_words(bounds, 1)})"
        parts.append(", ".join([*([str(variant)] if variant else []), *words]))
    return Claim(
        statement="The likelihood of patches of test images rises with the number of components, "
        "over the whole sweep.",
        source=SOURCE,
        evidence=f"nats per patch, steps with their 95 % intervals over images: {'; '.join(parts)}"
        if verdicts
        else "fewer than two numbers of components",
        holds=every(verdicts),
    )


def psnr_rises(table: pd.DataFrame, values: pd.DataFrame, where: str) -> Claim:
    """Return whether the PSNR rises with K, by the mean over images of its slope over log₂ K.

    Args:
        table: of :func:`sweep`.
        values: PSNR in dB, images × mixtures.
        where: the task and the data set, for the statement.
    """
    counts = table["n_components"].to_numpy(dtype=np.float64)
    own = values[table["prior"]]
    slopes = np.full(len(own), np.nan)
    if len(set(counts)) > 1:
        slopes = np.polyfit(np.log2(counts), own.to_numpy().T, 1)[0]
    bounds = mean_interval(slopes)
    means = own.mean()
    return Claim(
        statement=f"PSNR rises with the number of components: {where}.",
        source=SOURCE,
        evidence=f"{slopes.mean():+.3f} {in_words(bounds, 3)} dB for each doubling "
        f"over {len(own)} images; "
        + ", ".join(
            f"K={k:.0f}: {means[prior]:.2f} dB"
            for k, prior in zip(counts, table["prior"], strict=True)
        ),
        holds=inside(bounds, 0),
    )


def _mean(values: np.ndarray) -> float:
    return float(values.mean()) if len(values) else float("nan")


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
