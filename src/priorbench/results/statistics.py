"""The statistics of the tables. The unit is the image, and comparisons are paired by image.

Every image with a value counts, also where the prior stopped at its time limit with an estimate.
Failed images are left out of a mean and counted beside it. The best prior of a cell is sought among
the complete ones only: those that restored every image that any prior restored. So an image that
nobody could read costs nobody the comparison, and a prior can't win by failing on what is
difficult. An image that the metric is not defined for is no failure of the prior.

Intervals are Student's: of all that were simulated they are the only ones that hold from three
images on (``benchmarks/coverage.py``, docs/explanation/statistics.md). One test decides whether a
prior can be distinguished from the best mean: the paired t test, with Bonferroni's correction for
all pairs of priors of the column, because it is chosen by the same scores and could have been any
of them. Its interval, its p-value and the mark in the tables say the same. Nothing is marked as the
best that the test does not tell from all others.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.special import stdtr, stdtrit

from priorbench.specs import MetricSpec
from priorbench.store.status import NO_FAILURE, Status

__all__ = [
    "CONFIDENCE",
    "SIGNIFICANCE",
    "are_equal",
    "complete_priors",
    "jackknife_interval",
    "mean_interval",
    "pairwise_comparisons",
    "score_columns",
]

CONFIDENCE = 0.95
"""Of the intervals."""

SIGNIFICANCE = 1 - CONFIDENCE
"""The largest p-value of a difference that is called significant."""

BEST: Final = "best"
TIED: Final = "tied"
EQUAL = 1e-12
"""The relative difference up to which two means are the same number, summed in another order."""
SUMMARY_COLUMNS = (
    "dataset",
    "task",
    "metric",
    "prior",
    "n",
    "n_failed",
    "n_undefined",
    "mean",
    "low",
    "high",
    "status",
    "reason",
    "mark",
)
PAIRED_COLUMNS = (
    "dataset",
    "task",
    "metric",
    "prior",
    "best",
    "n",
    "difference",
    "low",
    "high",
    "p_value",
    "p_adjusted",
    "comparisons",
    "mark",
)


@dataclass(frozen=True)
class Comparisons:
    """Each of K priors compared with one of them, image by image.

    Args:
        n: common images, K.
        difference: mean difference to the one, K.
        low: lower ends of the simultaneous intervals, K; NaN with fewer than two images.
        high: upper ends, K.
        p_value: of the two-sided paired t tests, K; NaN with fewer than two images.
        p_adjusted: corrected for all pairs of priors, K.
        pairs: how many these are, K (K − 1) / 2.
    """

    n: NDArray[np.int64]
    difference: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    p_value: NDArray[np.float64]
    p_adjusted: NDArray[np.float64]
    pairs: int


def summarise(scores: pd.DataFrame, metrics: Mapping[str, MetricSpec]) -> pd.DataFrame:
    """Return one row for each data set, task, metric and prior that was measured.

    Args:
        scores: rows of :data:`priorbench.results.schema.SCORES`; published ones are passed over.
        metrics: name → spec; other metrics are passed over.

    Returns:
        ``n`` images in the mean, ``n_failed`` images that failed, ``n_undefined`` that the metric
        is not defined for, ``mean``, Student's interval of it from ``low`` to ``high`` (NaN for one
        image), ``status`` (ok, or why there is no mean) with a ``reason``, and ``mark``: ``best``
        where every other complete prior is distinguishably worse; else ``tied`` for the best mean
        and all that can't be distinguished from it, see :func:`paired_differences`; or empty.
    """
    rows: list[dict[str, Any]] = []
    paired = paired_differences(scores, metrics).set_index(["dataset", "task", "metric", "prior"])
    marks = paired["mark"].to_dict()
    for cell, group, values in score_columns(scores, metrics):
        complete = complete_priors(values, group)
        best = _best(values[complete], metrics[cell["metric"]].higher_is_better)
        if best is not None:
            others = {prior for prior in complete if prior != best}
            # Without an image in common there is no comparison, and nothing to tell them apart.
            found = [marks.setdefault((*cell.values(), prior), TIED) for prior in others]
            marks[*cell.values(), best] = TIED if TIED in found else BEST
        for prior, own in group.groupby("prior", sort=True):
            measured = values[prior].dropna().to_numpy()
            low, high = mean_interval(measured)
            missing = own[~own["ok"]]
            status, reason = (Status.OK, "") if len(measured) else _why(missing)
            rows.append(
                cell
                | {
                    "prior": prior,
                    "n": len(measured),
                    "n_failed": int((~missing["status"].isin(NO_FAILURE)).sum()),
                    "n_undefined": int((missing["status"] == Status.UNDEFINED).sum()),
                    "mean": float(measured.mean()) if len(measured) else np.nan,
                    "low": low,
                    "high": high,
                    "status": status,
                    "reason": reason,
                    "mark": marks.get((*cell.values(), prior), ""),
                }
            )
    return pd.DataFrame(rows, columns=list(SUMMARY_COLUMNS))


def paired_differences(scores: pd.DataFrame, metrics: Mapping[str, MetricSpec]) -> pd.DataFrame:
    """Compare each prior with the best mean of its data set, task and metric, image by image.

    dᵢ = score of the prior on image i − score of the prior with the best mean on image i, over the
    images that both restored.

    Args:
        scores: rows of :data:`priorbench.results.schema.SCORES`; published ones are passed over.
        metrics: name → spec; other metrics are passed over.

    Returns:
        ``n`` common images, the mean ``difference`` with its simultaneous interval from ``low`` to
        ``high``, ``p_value`` of the two-sided paired t test, ``p_adjusted`` for all ``comparisons``
        between priors of the data set, task and metric, and ``mark``: ``tied`` where the prior is
        complete and can't be distinguished from the best mean, which is where ``p_adjusted`` is at
        least 5 %, the interval contains 0, the means are equal, or one image allows no test; else
        empty.
    """
    rows: list[dict[str, Any]] = []
    for cell, group, values in score_columns(scores, metrics):
        complete = complete_priors(values, group)
        best = _best(values[complete], metrics[cell["metric"]].higher_is_better)
        if best is None:
            continue
        present = values.dropna(axis=1, how="all")
        compared = pairwise_comparisons(present.to_numpy(), list(present.columns).index(best))
        means = present.mean()
        for index, prior in enumerate(present.columns):
            if prior == best or not compared.n[index]:
                continue
            alike = not compared.p_adjusted[index] < SIGNIFICANCE or are_equal(
                means[prior], means[best]
            )
            rows.append(
                cell
                | {
                    "prior": prior,
                    "best": best,
                    "n": int(compared.n[index]),
                    "difference": float(compared.difference[index]),
                    "low": float(compared.low[index]),
                    "high": float(compared.high[index]),
                    "p_value": float(compared.p_value[index]),
                    "p_adjusted": float(compared.p_adjusted[index]),
                    "comparisons": compared.pairs,
                    "mark": TIED if prior in complete and alike else "",
                }
            )
    return pd.DataFrame(rows, columns=list(PAIRED_COLUMNS))


def pairwise_comparisons(scores: NDArray[np.float64], best: int) -> Comparisons:
    """Compare every prior with one that was chosen by the same scores.

    Two-sided paired t tests with Bonferroni's correction for all m = K (K − 1) / 2 pairs (Dunn
    1961, doi:10.2307/2282330): the chosen one could have been any, so that all pairs are looked at.
    The intervals are at the level 1 − 5 % / m, and one contains 0 exactly where its corrected
    p-value is at least 5 %.

    Args:
        scores: images × K; NaN where there is none.
        best: which of the priors the others are compared with.
    """
    count = scores.shape[1]
    pairs = max(1, count * (count - 1) // 2)
    test = _t_test(scores - scores[:, [best]])
    half = test.half_width(SIGNIFICANCE / pairs)
    return Comparisons(
        n=test.n,
        difference=test.mean,
        low=test.mean - half,
        high=test.mean + half,
        p_value=test.p_value,
        p_adjusted=np.minimum(1, pairs * test.p_value),
        pairs=pairs,
    )


def are_equal(first: ArrayLike, second: ArrayLike) -> NDArray[np.bool_]:
    """Return whether means are the same number, perhaps summed in another order."""
    one, other = np.asarray(first), np.asarray(second)
    equal: NDArray[np.bool_] = np.abs(one - other) <= EQUAL * np.maximum(np.abs(one), np.abs(other))
    return equal


def mean_interval(values: ArrayLike) -> tuple[float, float]:
    """Return Student's interval of the mean at 95 %: x̄ ± t s / √N with N − 1 degrees of freedom.

    It may reach beyond the range of a bounded metric.

    Args:
        values: N numbers; fewer than two, or one that is not finite, give (NaN, NaN).
    """
    low, high = mean_intervals(np.asarray(values, dtype=np.float64)[None])
    return float(low[0]), float(high[0])


def mean_intervals(values: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the lower and upper ends of :func:`mean_interval` of each row, M × N."""
    finite = np.isfinite(values).all(1, keepdims=True)
    test = _t_test(np.where(finite, values, np.nan).T)
    half = test.half_width(SIGNIFICANCE)
    return test.mean - half, test.mean + half


def jackknife_interval(estimate: float, left_out: ArrayLike) -> tuple[float, float]:
    """Return an interval at 95 % of what is no mean, for example a ratio, by the jackknife.

    The pseudo-values N θ̂ − (N − 1) θ̂₍₋ᵢ₎ are taken as a sample with the mean θ (Tukey 1958;
    Miller 1974, doi:10.1093/biomet/61.1.1). Where all estimates are above 0, their logarithms are
    taken, which are closer to normal.

    Args:
        estimate: θ̂, of all N units.
        left_out: θ̂₍₋ᵢ₎, of all but the i-th, N.
    """
    whole, without = np.float64(estimate), np.asarray(left_out, dtype=np.float64)
    if not (whole > 0 and (without > 0).all()):
        return mean_interval(len(without) * whole - (len(without) - 1) * without)
    low, high = mean_interval(len(without) * np.log(whole) - (len(without) - 1) * np.log(without))
    return float(np.exp(low)), float(np.exp(high))


@dataclass(frozen=True)
class _TTest:
    """Two-sided t tests of a mean of 0, one for each of K columns."""

    n: NDArray[np.int64]
    mean: NDArray[np.float64]
    error: NDArray[np.float64]

    def half_width(self, significance: float) -> NDArray[np.float64]:
        """Return half the width of the intervals; NaN with fewer than two values."""
        width: NDArray[np.float64] = -stdtrit(self.n - 1, significance / 2) * self.error
        return width

    @property
    def p_value(self) -> NDArray[np.float64]:
        """The p-values: 1 if all values are 0, 0 if all are equal, NaN with fewer than two."""
        with np.errstate(divide="ignore", invalid="ignore"):
            statistic = np.where(self.mean == 0, 0, np.abs(self.mean) / self.error)
        p_value: NDArray[np.float64] = 2 * stdtr(self.n - 1, -statistic)
        return p_value


def _t_test(values: NDArray[np.float64]) -> _TTest:
    """Return the tests of the columns, N × K; NaN stands for no value."""
    present = np.isfinite(values)
    n = present.sum(0)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = np.where(present, values, 0).sum(0) / n
        squares = np.where(present, values - mean, 0) ** 2
        error = np.sqrt(squares.sum(0) / (n - 1) / n)
    return _TTest(n, mean, error)


def score_columns(
    scores: pd.DataFrame, metrics: Mapping[str, MetricSpec]
) -> Iterator[tuple[dict[str, str], pd.DataFrame, pd.DataFrame]]:
    """Yield (names, rows, values: images × priors or NaN) of each data set, task and metric."""
    measured = scores[(scores["source"] == "measured") & scores["metric"].isin(list(metrics))]
    measured = measured.assign(ok=measured["value"].notna())
    for names, group in measured.groupby(["dataset", "task", "metric"], sort=True):
        values = group.pivot(index="image", columns="prior", values="value").sort_index()
        yield dict(zip(("dataset", "task", "metric"), map(str, names), strict=True)), group, values


def complete_priors(values: pd.DataFrame, rows: pd.DataFrame) -> list[str]:
    """Return the priors that have a value of every image that any prior has.

    Where the metric is not defined for a restoration, none is asked for.
    """
    present = excused = values.notna()
    undefined = rows[rows["status"] == Status.UNDEFINED]
    if not undefined.empty:
        asked = undefined.assign(undefined=True).pivot(
            index="image", columns="prior", values="undefined"
        )
        excused = present | asked.reindex_like(present).notna()
    whole = excused[present.any(axis=1)].all() & present.any()
    return [str(prior) for prior in values.columns[whole]]


def _best(values: pd.DataFrame, higher_is_better: bool | None) -> str | None:
    """Return the prior with the best mean, the first by id among equals, or None.

    Args:
        values: images × complete priors.
        higher_is_better: as the metric says; None: there is no best.
    """
    means = values.mean().dropna()
    if means.empty or higher_is_better is None:
        return None
    extreme = means.max() if higher_is_better else means.min()
    return str(means.index[are_equal(means, extreme)][0])


def _why(missing: pd.DataFrame) -> tuple[str, str]:
    """Return the most frequent status, of equally frequent ones a failure, and its first reason."""
    counts = missing["status"].value_counts()
    harmless = counts.index.isin(NO_FAILURE)
    order = sorted(zip(-counts, harmless, counts.index, strict=True))
    status = str(order[0][2])
    reasons = missing.loc[missing["status"] == status].sort_values("image")["reason"]
    return status, str(reasons.iloc[0])
