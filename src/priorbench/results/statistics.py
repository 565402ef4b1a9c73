"""The statistics of the tables. The unit is the image, and comparisons are paired by image.

Every image with a value counts, also where the prior stopped at its time limit with an estimate. Failed images are
left out of a mean and counted beside it. The best prior of a cell is sought among the complete
ones only: those that restored every image that any prior restored. So an image that nobody could read costs nobody
the comparison, and a prior can't win by failing on what is difficult.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.stats import wilcoxon

from priorbench.records import MetricSpec

CONFIDENCE = 0.95
RESAMPLES = 5000
SUMMARY_COLUMNS = (
    *("dataset", "task", "metric", "prior"),
    *("n", "n_failed", "mean", "low", "high", "status", "mark"),
)
PAIRED_COLUMNS = (
    *("dataset", "task", "metric", "prior", "best"),
    *("n", "difference", "low", "high", "p_value", "p_holm"),
)


def summarise(scores: pd.DataFrame, metrics: Mapping[str, MetricSpec]) -> pd.DataFrame:
    """Return one row for each data set, task, metric and prior that was measured.

    Args:
        scores: rows of :data:`priorbench.results.schema.SCORES`; published ones are passed over.
        metrics: name → record; other metrics are passed over.

    Returns:
        ``n`` images in the mean, ``n_failed`` images that failed, ``mean``, the bootstrap interval from ``low`` to
        ``high`` (NaN for one image), ``status`` (ok, or why there is no mean), and ``mark``: ``best``, ``tied`` (the
        interval of the paired difference to the best contains 0) or empty.
    """
    rows: list[dict[str, Any]] = []
    paired = paired_differences(scores, metrics)
    includes_zero = paired[(paired["low"] <= 0) & (paired["high"] >= 0)]
    tied = set(
        includes_zero[["dataset", "task", "metric", "prior"]].itertuples(index=False, name=None)
    )
    for cell, group, values in _cells(scores, metrics):
        best = _best(values, metrics[cell["metric"]].higher_is_better)
        complete = _complete(values)
        for prior, own in group.groupby("prior", sort=True):
            measured = values[prior].dropna().to_numpy()
            low, high = bootstrap_interval(measured)
            failed = own[~own["ok"] & (own["status"] != "unsupported")]
            mark = "tied" if prior in complete and (*cell.values(), prior) in tied else ""
            rows.append(
                cell
                | {
                    "prior": prior,
                    "n": len(measured),
                    "n_failed": len(failed),
                    "mean": float(measured.mean()) if len(measured) else np.nan,
                    "low": low,
                    "high": high,
                    "status": "ok" if len(measured) else _status(own["status"]),
                    "mark": "best" if prior == best else mark,
                }
            )
    return pd.DataFrame(rows, columns=list(SUMMARY_COLUMNS))


def paired_differences(scores: pd.DataFrame, metrics: Mapping[str, MetricSpec]) -> pd.DataFrame:
    """Compare each prior with the best one of its data set, task and metric, image by image.

    dᵢ = score of the prior on image i − score of the best prior on image i, over the images that both restored.

    The best prior is chosen by the same numbers, so the p-values are somewhat optimistic about the distance to it.

    Args:
        scores: rows of :data:`priorbench.results.schema.SCORES`; published ones are passed over.
        metrics: name → record; other metrics are passed over.

    Returns:
        ``n`` common images, the mean ``difference`` with its bootstrap interval from ``low`` to ``high``, ``p_value``
        of the two-sided Wilcoxon signed-rank test (DOI 10.2307/3001968) and ``p_holm``, corrected by Holm for all
        comparisons of the same data set, task and metric.
    """
    rows: list[dict[str, Any]] = []
    for cell, _, values in _cells(scores, metrics):
        best = _best(values, metrics[cell["metric"]].higher_is_better)
        if best is None:
            continue
        family = []
        for prior in values.columns.drop(best):
            differences = (values[prior] - values[best]).dropna().to_numpy()
            if len(differences):
                low, high = bootstrap_interval(differences)
                compared = {
                    "prior": prior,
                    "best": best,
                    "n": len(differences),
                    "difference": differences.mean(),
                }
                family.append(
                    cell
                    | compared
                    | {"low": low, "high": high, "p_value": signed_rank_test(differences)}
                )
        corrected = holm([row["p_value"] for row in family])
        rows += [row | {"p_holm": p} for row, p in zip(family, corrected, strict=True)]
    return pd.DataFrame(rows, columns=list(PAIRED_COLUMNS))


def restored_runs(runs: pd.DataFrame) -> pd.DataFrame:
    """Return the runs that gave an image, measured whole: those that ended well or stopped at their time limit.

    Args:
        runs: rows of :data:`priorbench.results.schema.RUNS`.
    """
    # A run that was killed at its limit has no peak memory.
    stopped = (
        (runs["status"] == "timeout") & runs["seconds"].notna() & runs["peak_memory_mb"].notna()
    )
    return runs[(runs["status"] == "ok") | stopped]


def bootstrap_interval(values: NDArray[np.float64]) -> tuple[float, float]:
    """Return the percentile bootstrap interval of the mean at 95 %.

    The resamples depend on the number of values only, so the result is the same everywhere.

    Args:
        values: N numbers; fewer than two, or an infinite one, give (NaN, NaN).
    """
    if len(values) < 2 or not np.isfinite(values).all():
        return np.nan, np.nan
    means = _resampling_weights(len(values)) @ values
    low, high = np.quantile(means, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    return float(low), float(high)


def signed_rank_test(differences: NDArray[np.float64]) -> float:
    """Return the two-sided p-value of the Wilcoxon signed-rank test; 1 when all differences are 0."""
    return float(wilcoxon(differences).pvalue) if np.any(differences) else 1.0


def holm(p_values: ArrayLike) -> NDArray[np.float64]:
    """Return p-values corrected for m comparisons by Holm's step-down method.

    The i-th smallest becomes max over j ≤ i of min(1, (m − j + 1) p₍ⱼ₎), so that rejecting those below α keeps the
    chance of any false rejection below α (Holm 1979, https://www.jstor.org/stable/4615733).
    """
    p = np.asarray(p_values, dtype=np.float64)
    order = np.argsort(p, kind="stable")
    corrected = np.empty_like(p)
    corrected[order] = np.maximum.accumulate(np.minimum(1, p[order] * np.arange(len(p), 0, -1)))
    return corrected


@lru_cache(maxsize=4)
def _resampling_weights(n: int) -> NDArray[np.float64]:
    """Return R × N weights; a row times the values is the mean of one resample."""
    indices = np.random.default_rng(n).integers(n, size=(RESAMPLES, n))
    offsets = n * np.arange(RESAMPLES)[:, None]
    return (
        np.bincount((indices + offsets).ravel(), minlength=RESAMPLES * n).reshape(RESAMPLES, n) / n
    )


def _cells(
    scores: pd.DataFrame, metrics: Mapping[str, MetricSpec]
) -> Iterator[tuple[dict[str, str], pd.DataFrame, pd.DataFrame]]:
    """Yield (names, rows, values: images × priors, NaN where there is none) of each data set, task and metric."""
    measured = scores[(scores["source"] == "measured") & scores["metric"].isin(list(metrics))]
    measured = measured.assign(ok=measured["value"].notna())
    for names, group in measured.groupby(["dataset", "task", "metric"], sort=True):
        values = group.pivot(index="image", columns="prior", values="value").sort_index()
        yield dict(zip(("dataset", "task", "metric"), map(str, names), strict=True)), group, values


def _complete(values: pd.DataFrame) -> list[str]:
    present = values.notna()
    return [str(prior) for prior in values.columns[present[present.any(axis=1)].all()]]


def _best(values: pd.DataFrame, higher_is_better: bool | None) -> str | None:
    """Return the complete prior with the best mean, the first by id among equals; None without any score."""
    means = values[_complete(values)].mean().dropna()
    if means.empty or higher_is_better is None:
        return None
    return str(means.idxmax() if higher_is_better else means.idxmin())


def _status(failed: pd.Series[str]) -> str:
    """Return the most frequent status; an unreadable image doesn't make an unsupported task a failure."""
    return (
        "unsupported"
        if (failed == "unsupported").any()
        else str(failed.mode().sort_values().iloc[0])
    )
