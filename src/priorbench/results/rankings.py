"""Ranks of priors with their uncertainty, groups of equals, and the distance to the best.

Everything follows from the paired t tests that mark the tables
(:mod:`priorbench.results.statistics`): they say which priors can be told apart, and a prior's rank
is as uncertain as the tests leave it. Bootstrap intervals of ranks were measured beside them
(``benchmarks/rankings.py``, docs/explanation/statistics.md): where priors are nearly equal they
miss the true rank far more often than they say, whatever the number of images.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from string import ascii_letters
from typing import Literal, TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from priorbench.results.statistics import (
    SIGNIFICANCE,
    are_equal,
    complete_priors,
    mean_intervals,
    pairwise_comparisons,
    score_columns,
)
from priorbench.specs import MetricSpec

__all__ = ["COLUMNS", "OVER_TASKS", "letters", "rankings", "told_apart"]

Array: TypeAlias = NDArray[np.float64]
Pairs: TypeAlias = NDArray[np.bool_]

OVER_TASKS = ""
"""What stands in the column ``task`` of a row over all tasks."""

COLUMNS = (
    "dataset",
    "task",
    "metric",
    "prior",
    "n",
    "rank",
    "rank_low",
    "rank_high",
    "group",
    "improvability",
    "improvability_low",
    "improvability_high",
)
"""Of a table of ranks."""


def rankings(scores: pd.DataFrame, metrics: Mapping[str, MetricSpec]) -> pd.DataFrame:
    """Rank the complete priors of each data set, task and metric, and those of all tasks together.

    Only metrics with a direction rank, and only images count that all ranked priors have a value
    of. Data sets are never mixed.

    *Of a task*: the rank is that of the mean, the mean of the ranks it shares with equal ones. Its
    interval is [1 + how many are significantly better, K − how many are significantly worse] by the
    tests of :func:`priorbench.results.statistics.pairwise_comparisons`, which hold for all pairs at
    once; so the intervals of all K priors contain the true ranks with a probability of at least
    95 % (Mogstad, Romano, Shaikh & Wilhelm 2024, doi:10.1093/restud/rdad006). It is 1 to 1 exactly
    where a prior is marked as the best.

    *Over tasks*: each image ranks the priors on each task; a prior's rank is the mean over tasks
    and images, as in a Friedman test with the images as blocks (Demšar 2006, JMLR 7, 1–30). As a
    mean over images it has Student's interval, whereas a mean of the ranks of means is drawn to the
    middle where priors are nearly equal. Priors are told apart by the same paired t tests of these
    mean ranks. Ranked are the priors that are complete on every task; the row is left out where
    there is one task only.

    *Improvability*: by how much the best of the ranked priors is better on the same image, in the
    unit of the metric, as a mean over images (and tasks), with Student's interval, cut at 0. It is
    0 for what is the best on every image, and above 0 for the best mean if others win on single
    images. That of TabArena (arXiv:2506.16791) is the same distance as a share of the error, with
    data sets in the place of images; a PSNR is a logarithm of an error, and Δ dB are the share
    1 − 10^(−Δ / 10) of the mean squared error.

    Args:
        scores: rows of :data:`priorbench.results.schema.SCORES`; published ones are passed over.
        metrics: name → spec; other metrics, and those without a direction, are passed over.

    Returns:
        The :data:`COLUMNS`, sorted by data set, task (:data:`OVER_TASKS` first), metric and rank:
        ``n`` images, ``rank`` from ``rank_low`` to ``rank_high``, ``group``: letters, of which two
        priors share one exactly where they can't be told apart, the best mean having an ``a``; and
        ``improvability`` with its interval (NaN for one image).
    """
    directed = {name: spec for name, spec in metrics.items() if spec.higher_is_better is not None}
    parts = [pd.DataFrame(columns=list(COLUMNS))]
    tasks: dict[tuple[str, str], list[pd.DataFrame]] = defaultdict(list)
    for cell, group, values in score_columns(scores, directed):
        sign = 1 if directed[cell["metric"]].higher_is_better else -1
        ranked = sign * values[complete_priors(values, group)].dropna()
        if ranked.size:
            others = values.drop(columns=ranked.columns).notna().any().sum()
            tasks[cell["dataset"], cell["metric"]].append(ranked)
            parts.append(_of_task(ranked, int(others)).assign(**cell))
    for (dataset, metric), frames in tasks.items():
        cell = {"dataset": dataset, "task": OVER_TASKS, "metric": metric}
        priors, images = (_common(frames, axis) for axis in ("columns", "index"))
        if len(frames) > 1 and len(priors) and len(images):
            whole = [frame.loc[images, priors] for frame in frames]
            parts.append(_over_tasks(whole).assign(**cell))
    found = pd.concat([part for part in parts if len(part)] or parts)[list(COLUMNS)]
    return found.sort_values(["dataset", "task", "metric", "rank", "prior"], ignore_index=True)


def told_apart(scores: Array, others: int = 0) -> Pairs:
    """Return which pairs of priors can be told apart, K × K and symmetric.

    See :func:`priorbench.results.statistics.pairwise_comparisons`.

    Args:
        scores: images × K, all finite.
        others: further priors in the column, which the correction counts.
    """
    whole = np.pad(scores, ((0, 0), (0, others)), constant_values=np.nan)
    count = scores.shape[1]
    p_values = np.stack(
        [pairwise_comparisons(whole, index).p_adjusted[:count] for index in range(count)]
    )
    means = scores.mean(0)
    apart: Pairs = (p_values < SIGNIFICANCE) & ~are_equal(means[:, None], means)
    return apart


def letters(order: Sequence[int], apart: Pairs) -> list[str]:
    """Return the letters of each of K priors, of which two share one unless they are told apart.

    By insertion, absorption and sweeping (Piepho 2004, doi:10.1198/1061860043515): one group of all
    is split for each pair that is told apart, groups inside others are dropped, and so is a
    membership that no pair needs.

    Args:
        order: the priors from best to worst; the first groups are those of the best.
        apart: K × K and symmetric.
    """
    groups = {frozenset(order)}
    for first, second in zip(*np.nonzero(np.triu(apart)), strict=True):
        both = {group for group in groups if {first, second} <= group}
        parts = {group - {prior} for group in both for prior in (first, second)}
        found = groups - both | parts
        groups = found - {part for part in parts if any(part < group for group in found)}
    places = {prior: place for place, prior in enumerate(order)}
    members = np.array([[prior in group for prior in order] for group in _sorted(groups, places)])
    swept = [frozenset(np.array(order)[row].tolist()) for row in _swept(members) if row.any()]
    names = dict(zip(_sorted(swept, places), map(_letter, range(len(swept))), strict=True))
    return [
        "".join(name for group, name in names.items() if prior in group)
        for prior in range(len(order))
    ]


def _sorted(groups: Iterable[frozenset[int]], places: Mapping[int, int]) -> list[frozenset[int]]:
    """Return groups by the places of their members, the best first."""
    return sorted(groups, key=lambda group: sorted(places[prior] for prior in group))


def _swept(members: Pairs) -> Pairs:
    """Return the members of groups, G × K, without those that no pair needs."""
    members = members.copy()
    shared = members.T.astype(np.int64) @ members
    for group in members[::-1]:
        for prior in np.flatnonzero(group)[::-1]:
            # The prior itself is among them: it stays in one group at least.
            if (shared[prior, group] > 1).all():
                shared[prior, group] -= 1
                shared[group, prior] = shared[prior, group]
                group[prior] = False
    return members


def _letter(number: int) -> str:
    """Return a letter, or a number in brackets where there are none left."""
    return ascii_letters[number] if number < len(ascii_letters) else f"({number + 1})"


def _of_task(ranked: pd.DataFrame, others: int) -> pd.DataFrame:
    """Rank the priors in the columns by their means; higher values are better.

    Args:
        ranked: images × K.
        others: further priors that the correction counts.
    """
    values = ranked.to_numpy()
    means, apart = values.mean(0), told_apart(values, others)
    equal, above = are_equal(means[:, None], means), means > means[:, None]
    ranks = 1 + (above & ~equal).sum(1) + (equal.sum(1) - 1) / 2
    low = 1 + (apart & above).sum(1)
    high = len(means) - (apart & ~above).sum(1)
    distances = values.max(1, keepdims=True) - values
    return _frame(ranked.columns, ranks, (low, high), apart, distances)


def _over_tasks(tasks: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Rank the priors by the mean of their ranks on each image and task.

    Args:
        tasks: each images × K, of the same images and priors.
    """
    values = np.stack([task.to_numpy() for task in tasks])
    # One row of K values for each image and task: the best has rank 1, equals share the mean.
    rows = pd.DataFrame(values.reshape(-1, values.shape[-1]))
    ranks = rows.rank(axis=1, ascending=False).to_numpy().reshape(values.shape).mean(0)
    low, high = mean_intervals(ranks.T)
    ends = np.maximum(low, 1), np.minimum(high, ranks.shape[1])
    distances = (values.max(-1, keepdims=True) - values).mean(0)
    return _frame(tasks[0].columns, ranks.mean(0), ends, told_apart(ranks), distances)


def _frame(
    priors: pd.Index[str],
    ranks: Array,
    ends: tuple[NDArray[np.generic], NDArray[np.generic]],
    apart: Pairs,
    distances: Array,
) -> pd.DataFrame:
    """Return the rows of K priors; ``distances`` to the best are images × K."""
    low, high = mean_intervals(distances.T)
    return pd.DataFrame(
        {
            "prior": priors.astype(str),
            "n": len(distances),
            "rank": ranks,
            "rank_low": np.asarray(ends[0], np.float64),
            "rank_high": np.asarray(ends[1], np.float64),
            "group": letters(np.argsort(ranks, kind="stable").tolist(), apart),
            "improvability": distances.mean(0),
            "improvability_low": np.maximum(low, 0),
            "improvability_high": high,
        }
    )


def _common(frames: Sequence[pd.DataFrame], axis: Literal["columns", "index"]) -> pd.Index[str]:
    """Return the names that all frames have on an axis, in the order of the first."""
    names = [getattr(frame, axis) for frame in frames]
    common: pd.Index[str] = names[0][np.all([names[0].isin(each) for each in names], axis=0)]
    return common
