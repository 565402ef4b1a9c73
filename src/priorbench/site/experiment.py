"""The data of the start page: everything but the images and their restorations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from priorbench import __version__
from priorbench.monitor.remarks import remarks
from priorbench.plan import Plan
from priorbench.results import claims as judged
from priorbench.results import rankings
from priorbench.results.planned import catalogue
from priorbench.site.columns import Columns, read_columns
from priorbench.site.environments import Environment, environments_of
from priorbench.site.failed import failed
from priorbench.site.logs import Logs
from priorbench.site.names import (
    Dataset,
    Metric,
    Prior,
    Task,
    datasets_of,
    metrics_of,
    priors_of,
    tasks_of,
)
from priorbench.site.scores import PAIRED, published, scores, worst_and_best
from priorbench.site.shown import Download, Figure, ShownFiles, Study
from priorbench.store.cell import Cell

SCHEMA_VERSION = 1
NAMED = 6
"""Tasks that the sentence names."""


@dataclass(frozen=True, kw_only=True)
class ExperimentData:
    """What ``data/experiment.js`` holds.

    Args:
        schema_version: of the data; the page reads no other.
        name: of the experiment.
        sentence: what it compares.
        seed: of all that is random in it.
        version: of priorbench.
        commit: of the checkout that the numbers were measured with; empty if it is not known.
        commands: to repeat it.
        headline: the figure of the main metric.
        main_metric: the one that is shown where only one is.
        datasets: those that priors are tested on.
        tasks: in display order.
        priors: in display order.
        metrics: in display order.
        scores: see :func:`priorbench.site.scores.scores`.
        rankings: of the table ``ranking``.
        paired: of the table ``paired``.
        published: numbers of papers.
        costs: of the table ``cost``.
        claims: of the table ``claims``.
        failures: see :func:`priorbench.site.failed.failed`.
        remarks: what must be said of the rows.
        studies: that are finished.
        figures: of the results.
        environments: where rows were measured.
        downloads: tables and rows.
        worst_best: see :func:`priorbench.site.scores.worst_and_best`.
    """

    schema_version: int
    name: str
    sentence: str
    seed: int
    version: str
    commit: str
    commands: list[str]
    headline: str
    main_metric: str
    datasets: list[Dataset]
    tasks: list[Task]
    priors: list[Prior]
    metrics: list[Metric]
    scores: Columns
    rankings: Columns
    paired: Columns
    published: Columns
    costs: Columns
    claims: list[dict[str, Any]]
    failures: Columns
    remarks: list[str]
    studies: list[Study]
    figures: list[Figure]
    environments: list[Environment]
    downloads: list[Download]
    worst_best: Columns


def experiment_data(
    plan: Plan,
    runs: pd.DataFrame,
    rows: pd.DataFrame,
    origins: Mapping[Cell, str],
    logs: Logs,
    files: ShownFiles,
) -> ExperimentData:
    """Return the data of the start page.

    Args:
        plan: the experiment.
        runs: its rows of runs.
        rows: its rows of scores.
        origins: where the settings of each cell come from.
        logs: of its jobs.
        files: what lies in the site.

    Raises:
        FileNotFoundError: a table is not there yet.
        ValueError: a table is not what this version writes.
    """
    layout = plan.layout
    environments = environments_of(layout, runs["environment"])
    commits = dict.fromkeys(each.commit for each in environments if each.commit)
    failures, said = failed(plan, logs)
    figures = files.figures()
    main = catalogue(plan).main_metric
    claims = Columns(judged.COLUMNS, [])
    if "claims" in files.tables:
        claims = read_columns(layout.table("claims", "csv"), judged.COLUMNS)
    return ExperimentData(
        schema_version=SCHEMA_VERSION,
        name=plan.experiment.experiment,
        sentence=_sentence(plan, len(runs)),
        seed=plan.experiment.seed,
        version=__version__,
        commit=", ".join(commits),
        commands=_commands(list(commits)),
        headline=next(figure.file for figure in figures if figure.name == main),
        main_metric=main,
        datasets=datasets_of(plan),
        tasks=tasks_of(plan),
        priors=priors_of(plan),
        metrics=metrics_of(plan),
        scores=scores(plan, origins),
        rankings=read_columns(layout.table("ranking", "csv"), rankings.COLUMNS),
        paired=read_columns(layout.table("paired", "csv"), PAIRED),
        published=published(rows),
        costs=read_columns(layout.table("cost", "csv")),
        claims=[dict(zip(claims.columns, row, strict=True)) for row in claims.rows],
        failures=failures,
        remarks=[*remarks(plan, runs, rows), *said],
        studies=files.studies(),
        figures=figures,
        environments=environments,
        downloads=files.downloads(),
        worst_best=worst_and_best(plan, rows),
    )


def _sentence(plan: Plan, restorations: int) -> str:
    images = sum(len(plan.dataset(name).images) for name in plan.test)
    tasks = [task.label for task in plan.tasks.values()]
    named = f": {', '.join(tasks)}" if len(tasks) <= NAMED else ""
    return (
        f"{_count(len(plan.priors), 'prior')} on {_count(images, 'image')} of "
        f"{_and(plan.test)} in {_count(len(tasks), 'task')}{named}; "
        f"{_count(restorations, 'restoration')}."
    )


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def _and(names: Sequence[str]) -> str:
    *most, last = names
    return f"{', '.join(most)} and {last}" if most else last


def _commands(commits: list[str]) -> list[str]:
    """Return what to type to repeat the experiment, in a checkout and beside the site's files."""
    # With changes, or of several commits, no checkout is the one that was measured.
    known = commits if len(commits) == 1 and " " not in commits[0] else []
    return [
        *(f"git checkout {commit}" for commit in known),
        "pip install -c constraints.txt -e .",
        "snakemake --cores all --configfile config.yaml",
    ]
