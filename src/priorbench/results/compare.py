"""Two priors, or two experiments, compared image by image.

The difference is that of the second to the first: the mean of (score of B − score of A) over the
images that both have a value of, with Student's interval at 95 % and the two-sided paired t test.
Rows are not corrected for each other: each is a comparison that was asked for before its scores
were looked at.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from priorbench.errors import in_brief, unknown
from priorbench.results.costs import restoration_costs
from priorbench.results.loading import Results
from priorbench.results.statistics import pairwise_comparisons
from priorbench.specs import MetricSpec
from priorbench.store.cell import Cell
from priorbench.store.layout import Layout
from priorbench.store.manifest import read_about, read_manifest

__all__ = ["Comparison", "Row", "compare_experiments", "compare_priors"]

ROUNDING = 1e-9
"""By how much a difference may pass the limit through rounding alone."""


@dataclass(frozen=True)
class Row:
    """B compared with A on one task of a data set in one metric.

    Args:
        dataset: id of the data set.
        task: id of the task.
        metric: name of the metric.
        prior: id of the prior in both experiments; where two priors are compared, of the second.
        n: images that both have a value of.
        only_in_a: images that only A was run on.
        only_in_b: images that only B was run on.
        failed_in_a: images that both were run on and only B has a value of.
        failed_in_b: images that both were run on and only A has a value of.
        mean_a: of A over the n images; NaN if there are none.
        mean_b: of B over the n images.
        difference: mean of B − A over the n images.
        low: lower end of its interval; NaN for fewer than two images.
        high: upper end.
        p_value: of the two-sided paired t test; NaN for fewer than two images.
        cost_ratio: cost of B / cost of A, each summed over the images that both have restored on
            the same kind of device: processor seconds, or on a GPU seconds by the clock. NaN if
            there are none.
        worse: whether B is worse than the limit allows, see :func:`compare_priors`.
    """

    dataset: str
    task: str
    metric: str
    prior: str
    n: int
    only_in_a: int
    only_in_b: int
    failed_in_a: int
    failed_in_b: int
    mean_a: float
    mean_b: float
    difference: float
    low: float
    high: float
    p_value: float
    cost_ratio: float
    worse: bool


@dataclass(frozen=True)
class Comparison:
    """B compared with A.

    Args:
        a: name of the first, the reference.
        b: name of the second.
        metrics: those that are compared.
        rows: one for each data set, task, metric and prior.
        remarks: what is not compared, in sentences.
    """

    a: str
    b: str
    metrics: Mapping[str, MetricSpec]
    rows: tuple[Row, ...]
    remarks: tuple[str, ...]


def compare_priors(
    results: Results,
    a: str,
    b: str,
    metrics: Sequence[str] = (),
    tasks: Sequence[str] = (),
    limit: float | None = None,
) -> Comparison:
    """Compare two priors of an experiment on each data set and task that both were run on.

    Args:
        results: the experiment.
        a: id of the first prior, the reference.
        b: id of the second.
        metrics: names; by default the experiment's first metric.
        tasks: ids; by default all.
        limit: B is worse where its mean difference to A is worse than this many units, in the
            direction of the metric, or where it has no value of an image that A has one of. By
            default nothing is called worse.

    Raises:
        ValueError: a name is unknown, a metric has no direction to be worse in, or nothing was run
            with both.
    """
    for prior in (a, b):
        if prior not in results.priors.index:
            raise ValueError(unknown("prior", prior, results.priors.index))
    if a == b:
        raise ValueError(f"{a} can't be compared with itself: name two priors, or two experiments")
    known = _cells(results, tasks)
    ran = {prior: {(c.dataset, c.task) for c in known if c.prior == prior} for prior in (a, b)}
    pairs = [
        (Cell(dataset, task, a), Cell(dataset, task, b))
        for dataset, task in sorted(ran[a] & ran[b])
    ]
    if not pairs:
        raise ValueError(f"no task was done by both {a} and {b}")
    remarks = [
        f"Only {own} was run on {in_brief([f'{dataset}/{task}' for dataset, task in alone])}."
        for own, other in ((a, b), (b, a))
        if (alone := sorted(ran[own] - ran[other]))
    ]
    specs = _chosen(results, metrics, limit)
    return Comparison(a, b, specs, _rows(results, results, pairs, specs, limit), tuple(remarks))


def compare_experiments(
    a: Results,
    b: Results,
    metrics: Sequence[str] = (),
    tasks: Sequence[str] = (),
    limit: float | None = None,
    *,
    other_problems: bool = False,
) -> Comparison:
    """Compare each prior of an experiment with itself in another one.

    Both must have restored the same problems. These are compared by their checksums, and so are the
    border and the channel that scores are taken of.

    Args:
        a: the first experiment, the reference.
        b: the second, of another commit or machine.
        metrics: names; by default the first metric of A.
        tasks: ids; by default all that both have.
        limit: see :func:`compare_priors`.
        other_problems: compare images by their names alone, whatever the problems are.

    Raises:
        ValueError: a name is unknown, a metric has no direction to be worse in or is another one in
            B, the problems are not the same or not known to be, or nothing is in both.
    """
    name_a, name_b = str(a.path), str(b.path)
    known_a, known_b = (set(_cells(each, tasks, other=o)) for each, o in ((a, b), (b, a)))
    common = sorted(known_a & known_b)
    if not common:
        raise ValueError(
            f"{name_a} and {name_b} have no prior, task and data set in common: the first has "
            f"{in_brief(sorted(map(str, known_a))) or 'none'}, "
            f"the second {in_brief(sorted(map(str, known_b))) or 'none'}"
        )
    specs = _chosen(a, metrics, limit)
    for name, spec in specs.items():
        _check_metric(name, spec, b)
    if not other_problems:
        for dataset, task in dict.fromkeys((cell.dataset, cell.task) for cell in common):
            _check_problems(a, b, dataset, task)
    remarks = [
        f"Only in {name}: {in_brief(sorted(map(str, alone)))}."
        for name, alone in ((name_a, known_a - known_b), (name_b, known_b - known_a))
        if alone
    ]
    rows = _rows(a, b, [(cell, cell) for cell in common], specs, limit)
    return Comparison(name_a, name_b, specs, rows, tuple(remarks))


def _cells(results: Results, tasks: Sequence[str], other: Results | None = None) -> list[Cell]:
    """Return the cells that have scores, in the tasks that are asked for."""
    known = [*results.tasks.index, *(other.tasks.index if other else ())]
    for task in tasks:
        if task not in known:
            raise ValueError(unknown("task", task, set(known)))
    rows = _measured(results.scores)[["dataset", "task", "prior"]].drop_duplicates()
    cells = [Cell(*map(str, names)) for names in rows.itertuples(index=False)]
    return [cell for cell in cells if not tasks or cell.task in tasks]


def _chosen(results: Results, metrics: Sequence[str], limit: float | None) -> dict[str, MetricSpec]:
    """Return the metrics that are asked for."""
    known = results.catalogue.metrics
    for name in metrics:
        if name not in known:
            raise ValueError(unknown("metric", name, known))
    chosen = {name: known[name] for name in metrics or [results.catalogue.main_metric]}
    if limit is not None and not (math.isfinite(limit) and limit >= 0):
        raise ValueError(f"the limit of what is worse must be 0 or more units, not {limit}")
    for name, spec in chosen.items():
        if limit is not None and spec.higher_is_better is None:
            raise ValueError(
                f"{name} has no direction, so nothing is worse by it: name another metric"
            )
    return chosen


def _check_metric(name: str, spec: MetricSpec, other: Results) -> None:
    if name not in other.catalogue.metrics:
        raise ValueError(
            f"{other.path} has no scores in {name}, only in {', '.join(other.catalogue.metrics)}"
        )
    theirs = other.catalogue.metrics[name]
    for key in ("unit", "higher_is_better"):
        if getattr(spec, key) != getattr(theirs, key):
            raise ValueError(
                f"{name} is another metric in {other.path}: its {key} is "
                f"{getattr(theirs, key)!r}, not {getattr(spec, key)!r}"
            )


def _check_problems(a: Results, b: Results, dataset: str, task: str) -> None:
    """Refuse problems that are not the same.

    Raises:
        ValueError: the message says what differs.
    """
    files = [Layout(each.path).problems(dataset, task) for each in (a, b)]
    hint = "--allow-other-problems compares images by their names alone"
    for file in files:
        if not file.exists():
            raise ValueError(
                f"{file} is not there, so nobody can tell whether both have restored the same "
                f"problems; {hint}"
            )
    about_a, about_b = map(read_about, files)
    for key, meaning in _PROTOCOL.items():
        ours, theirs = about_a.get(key), about_b.get(key)
        if ours != theirs:
            raise ValueError(
                f"{dataset}/{task} is not the same in {a.path} and {b.path}: "
                f"{meaning} is {ours} and {theirs}; {hint}"
            )
    of_task = [(each.get("task") or {}).get("parameters") for each in (about_a, about_b)]
    entries_a, entries_b = map(read_manifest, files)
    different = [
        image
        for image in entries_a.keys() & entries_b.keys()
        if entries_a[image].sha256 != entries_b[image].sha256
    ]
    if different:
        reason = (
            f"the task's parameters are {of_task[0]} and {of_task[1]}"
            if of_task[0] != of_task[1]
            else "their images, or the noise, are others (the checksums differ)"
        )
        raise ValueError(
            f"{dataset}/{task} has other problems in {a.path} than in {b.path}: {reason}, as of "
            f"{in_brief(sorted(different))}; {hint}"
        )


_PROTOCOL = {
    "seed": "the experiment's seed",
    "border": "the border that is not scored",
    "luminance": "whether luma is scored",
}


def _rows(
    a: Results,
    b: Results,
    pairs: Iterable[tuple[Cell, Cell]],
    metrics: Mapping[str, MetricSpec],
    limit: float | None,
) -> tuple[Row, ...]:
    """Compare the second cell of each pair, in B, with the first, in A."""
    values_a, values_b = _values(a.scores, metrics), _values(b.scores, metrics)
    costs_a, costs_b = _costs(a.runs), _costs(b.runs)
    return tuple(
        _row(
            second,
            name,
            values_a[first, name],
            values_b[second, name],
            _cost_ratio(costs_a.get(first), costs_b.get(second)),
            spec,
            limit,
        )
        for name, spec in metrics.items()
        for first, second in pairs
        if (first, name) in values_a and (second, name) in values_b
    )


def _row(
    cell: Cell,
    metric: str,
    a: pd.Series,
    b: pd.Series,
    cost_ratio: float,
    spec: MetricSpec,
    limit: float | None,
) -> Row:
    """Compare the values of images, NaN where one failed."""
    joined = pd.DataFrame({"a": a, "b": b}).sort_index()
    both = joined.loc[a.index.intersection(b.index)]
    has_a, has_b = both["a"].notna(), both["b"].notna()
    common = both[has_a & has_b]
    test = pairwise_comparisons(common.to_numpy(), 0)
    difference, failed = float(test.difference[1]), int((has_a & ~has_b).sum())
    return Row(
        dataset=cell.dataset,
        task=cell.task,
        metric=metric,
        prior=cell.prior,
        n=len(common),
        only_in_a=len(a.index.difference(b.index)),
        only_in_b=len(b.index.difference(a.index)),
        failed_in_a=int((has_b & ~has_a).sum()),
        failed_in_b=failed,
        mean_a=float(common["a"].mean()),
        mean_b=float(common["b"].mean()),
        difference=difference,
        low=float(test.low[1]),
        high=float(test.high[1]),
        p_value=float(test.p_value[1]),
        cost_ratio=cost_ratio,
        worse=limit is not None
        and (
            failed > 0 or (-difference if spec.higher_is_better else difference) > limit + ROUNDING
        ),
    )


def _measured(scores: pd.DataFrame) -> pd.DataFrame:
    return scores[scores["source"] == "measured"]


def _values(scores: pd.DataFrame, metrics: Collection[str]) -> dict[tuple[Cell, str], pd.Series]:
    """Return the values of the images of each cell and metric."""
    measured = _measured(scores)
    measured = measured[measured["metric"].isin(list(metrics))]
    groups = measured.groupby(["dataset", "task", "prior", "metric"], sort=False)
    return {
        (Cell(*map(str, names[:3])), str(names[3])): rows.set_index("image")["value"]
        for names, rows in groups
    }


def _costs(runs: pd.DataFrame) -> dict[Cell, pd.DataFrame]:
    """Return device and cost of the images of each cell."""
    groups = restoration_costs(runs).groupby(["dataset", "task", "prior"], sort=False)
    return {
        Cell(*map(str, names)): rows.set_index("image")[["device", "cost"]]
        for names, rows in groups
    }


def _cost_ratio(a: pd.DataFrame | None, b: pd.DataFrame | None) -> float:
    if a is None or b is None:
        return math.nan
    joined = a.merge(b, left_index=True, right_index=True, suffixes=("_a", "_b"))
    joined = joined.dropna(subset=["cost_a", "cost_b"])
    joined = joined[joined["device_a"] == joined["device_b"]]
    total = float(joined["cost_a"].sum())
    return float(joined["cost_b"].sum()) / total if total > 0 else math.nan
