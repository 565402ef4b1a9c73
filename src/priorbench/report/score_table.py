"""The table of one metric: priors as rows, tasks as columns, data sets as sections."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd

from priorbench.report.coverage import CellName, Coverage, Planned
from priorbench.report.grid import Cell, Grid, Section
from priorbench.results.catalogue import Catalogue
from priorbench.results.exact import exact_restorations
from priorbench.results.schema import PROTOCOL_DIFFERS
from priorbench.results.statistics import summarise
from priorbench.store.status import Status

NOTES = (
    "Mean over the images ± half the width of its 95 % interval, Student's; with one image there "
    "is none.",
    "Bold: the best of a column, as all others are distinguishably worse. Underlined, where there "
    "is no such prior: the best mean and those that can't be distinguished from it, by the paired "
    "t test at 5 %, corrected for all pairs of priors of the column, as the best mean is chosen by "
    "the same images; with one image nothing can. The table paired has the differences with "
    "intervals of the same test, and ranking the groups of priors that can't be told apart.",
    "(3/5): the mean is over 3 of 5 images, as the others failed or the metric is not defined for "
    "them. A prior that failed on an image which another one restored is never the best.",
)
CANNOT = "cannot"
OTHER_PROTOCOL = "†"
OTHER_PROTOCOL_NOTE = (
    f"{OTHER_PROTOCOL}: published, and not by the protocol of the task; the row says how it "
    "differs."
)

PARTIAL_NOTES = (
    "(12/68): the mean is over 12 of 68 images, as the others are not finished or, where it says "
    "so, failed; – (0/68): none is finished. Such a mean is over other images than those above and "
    "below it and can't be compared with them.",
    "Nothing is bold or underlined in a column where any prior lacks images.",
)


WAITING: Final = "waiting"
EMPTY: Mapping[str, Any] = {
    "mean": np.nan,
    "low": np.nan,
    "high": np.nan,
    "n": pd.NA,
    "n_failed": pd.NA,
    "status": Status.UNSUPPORTED,
    "mark": "",
}
"""The fields of a cell of the CSV without a value."""


def score_grid(
    scores: pd.DataFrame, catalogue: Catalogue, metric: str, planned: Planned | None = None
) -> Grid:
    """Return the table of a metric for people.

    Args:
        scores: rows of :data:`priorbench.results.schema.SCORES`.
        catalogue: labels and order.
        metric: a name in ``catalogue.metrics``.
        planned: what each cell will have, while a run goes on: cells then say how much of it is
            there.
    """
    decimals = catalogue.metrics[metric].decimals
    table = _Table.of(scores, catalogue, metric, planned)
    summary, coverage = table.summary, table.coverage
    sections = []
    for dataset in catalogue.datasets:
        own = summary[summary["dataset"] == dataset]
        images = coverage.images(dataset) if coverage else 0
        if own.empty and not images:
            continue
        if not coverage:
            images = int((own["n"] + own["n_failed"] + own["n_undefined"]).max())
        measured, papers = [], []
        for prior, label in catalogue.priors.items():
            cells = [table.text((dataset, task, prior), decimals) for task in catalogue.tasks]
            measured.append([Cell(label), *cells])
        for paper in _papers(scores, dataset, metric):
            values = [paper.values.get(task) for task in catalogue.tasks]
            mark = f" {OTHER_PROTOCOL}" if paper.differs else ""
            texts = ["" if value is None else f"{value:.{decimals}f}{mark}" for value in values]
            papers.append(
                [Cell(f"{paper.prior} ({paper.source}: {paper.note})"), *map(Cell, texts)]
            )
        title = f"{dataset} ({images} image{'s' if images != 1 else ''})"
        sections.append(Section(title, [measured, papers] if papers else [measured]))
    notes = (*NOTES, *_cannot_notes(summary, catalogue)) if sections else ("No scores.",)
    if any(paper.differs for name in catalogue.datasets for paper in _papers(scores, name, metric)):
        notes = (*notes, OTHER_PROTOCOL_NOTE)
    if coverage and coverage.notes():
        notes = (*coverage.notes(), *PARTIAL_NOTES, *notes)
    return Grid(
        catalogue.metric_label(metric),
        ["prior", *catalogue.tasks.values()],
        sections,
        (*notes, *exact_notes(scores, catalogue)),
    )


def score_csv(
    scores: pd.DataFrame, catalogue: Catalogue, metric: str, planned: Planned | None = None
) -> pd.DataFrame:
    """Return the table of a metric with all digits: one row for each data set and prior.

    Each task gives the columns ``<task>`` (mean), ``<task>_low``, ``<task>_high`` (95 % interval),
    ``<task>_n``, ``<task>_n_failed``, ``<task>_status`` and ``<task>_mark`` (best, tied or empty).
    Published numbers are rows of their own, with the citation in ``note``. With ``planned``, while
    a run goes on, there are ``<task>_done`` and ``<task>_planned`` as well, in images, and the
    status of a cell without any is ``waiting``.
    """
    table = _Table.of(scores, catalogue, metric, planned)
    fields = [*EMPTY, *(("done", "planned") if table.coverage else ())]
    columns = {
        (task, field): task if field == "mean" else f"{task}_{field}"
        for task in catalogue.tasks
        for field in fields
    }
    rows: list[dict[str, Any]] = []

    def add(about: dict[str, str], cells: Mapping[str, Mapping[Any, Any]]) -> None:
        full = {task: {**EMPTY, **cell} for task, cell in cells.items()}
        values = {name: full[task].get(field) for (task, field), name in columns.items()}
        rows.append({**about, **values})

    for dataset in catalogue.datasets:
        for prior, label in catalogue.priors.items():
            about = {"dataset": dataset, "prior": prior, "label": label}
            cells = {task: table.cell((dataset, task, prior)) for task in catalogue.tasks}
            add({**about, "source": "measured", "note": ""}, cells)
        for paper in _papers(scores, dataset, metric):
            about = {"dataset": dataset, "prior": paper.prior, "label": paper.prior}
            published = {
                task: {"mean": paper.values[task], "status": Status.OK}
                if task in paper.values
                else {}
                for task in catalogue.tasks
            }
            add({**about, "source": paper.source, "note": paper.note}, published)
    heads = ["dataset", "prior", "label", "source", "note"]
    return pd.DataFrame(rows, columns=[*heads, *columns.values()])


def exact_notes(scores: pd.DataFrame, catalogue: Catalogue) -> tuple[str, ...]:
    """Return which restorations equal the clean image of a problem that can't be inverted."""
    found = exact_restorations(scores)
    if found.empty:
        return ()
    parts = []
    for names, own in found.groupby(["dataset", "prior", "task"], sort=False):
        dataset, prior, task = map(str, names)
        where = f"{catalogue.priors.get(prior, prior)}, {catalogue.tasks.get(task, task)}"
        parts.append(f"{where}, {dataset}: {', '.join(own['image'])}")
    return (
        f"Equals the clean image, which the observation does not tell: {'; '.join(parts)}. "
        "Either the image is trivial, or the prior has seen it.",
    )


@dataclass(frozen=True)
class _Table:
    """The summary of a metric, and how much of it is there while a run goes on."""

    summary: pd.DataFrame
    cells: Mapping[Any, Mapping[Any, Any]]
    coverage: Coverage | None

    @classmethod
    def of(
        cls, scores: pd.DataFrame, catalogue: Catalogue, metric: str, planned: Planned | None
    ) -> _Table:
        summary = summarise(scores, {metric: catalogue.metrics[metric]})
        own = scores[scores["metric"] == metric]
        cells = summary.set_index(["dataset", "task", "prior"]).to_dict("index")
        return cls(summary, cells, None if planned is None else Coverage.of(own, planned))

    def cell(self, name: CellName) -> dict[Any, Any]:
        """Return a row of the summary as it may be shown; empty if there is none."""
        row, coverage = dict(self.cells.get(name, {})), self.coverage
        if coverage is None:
            return row
        if not row and coverage.planned.get(name):
            row = {"n": 0, "n_failed": 0, "n_undefined": 0, "status": WAITING}
        if row and not coverage.is_whole_column(*name[:2]):
            # Nothing is the best of a column that is not finished.
            row["mark"] = ""
        return {**row, "done": coverage.done.get(name, 0), "planned": coverage.planned.get(name, 0)}

    def text(self, name: CellName, decimals: int) -> Cell:
        """Return a cell for people."""
        row, coverage = self.cell(name), self.coverage
        status = row.get("status", Status.UNSUPPORTED)
        if status in (Status.UNSUPPORTED, Status.UNDEFINED):
            return Cell(CANNOT)
        partial = coverage is not None and not coverage.is_whole(name)
        failed, missing = row["n_failed"], row["n_failed"] + row["n_undefined"]
        share = f" ({row['n']}/{row['n'] + missing})" if missing else ""
        if coverage and partial:
            share = f" {coverage.words(name, row['n'], failed)}"
        if row["n"] == 0:
            text = "–" if status == WAITING else status
            return Cell(text + share * partial, "" if status == WAITING else "failed")
        text = f"{row['mean']:.{decimals}f}"
        if np.isfinite(row["low"]) and not partial:
            text += f" ± {(row['high'] - row['low']) / 2:.{decimals}f}"
        return Cell(text + share, row["mark"] or ("failed" if failed else ""))


def _cannot_notes(summary: pd.DataFrame, catalogue: Catalogue) -> list[str]:
    """Return why cells hold no number."""
    undefined = summary[summary["status"] == Status.UNDEFINED]
    planned = len(catalogue.priors) * len(summary[["dataset", "task"]].drop_duplicates())
    notes = []
    if (summary["status"] == Status.UNSUPPORTED).any() or len(summary) < planned:
        notes.append(f"{CANNOT}: the prior can't do the task; runs.parquet says why.")
    if not undefined.empty:
        places = [
            f"{catalogue.prior_label(prior)} on {catalogue.tasks.get(task, task)}"
            for task, prior in undefined[["task", "prior"]].drop_duplicates().to_numpy()
        ]
        more = f" and {len(places) - 3} more" if len(places) > 3 else ""
        notes.append(
            f"{CANNOT} for {', '.join(places[:3])}{more}: the metric is not defined there, which "
            f"is no failure of the prior: {undefined['reason'].iloc[0]}; scores.parquet has the "
            "reason of each image."
        )
    return notes


@dataclass(frozen=True)
class _Paper:
    """What a publication says of a prior: task → value."""

    prior: str
    source: str
    note: str
    values: Mapping[str, float]

    @property
    def differs(self) -> bool:
        """Whether the paper's protocol is another one."""
        return PROTOCOL_DIFFERS in self.note


def _papers(scores: pd.DataFrame, dataset: str, metric: str) -> Iterator[_Paper]:
    own = scores[
        (scores["source"] != "measured")
        & (scores["metric"] == metric)
        & (scores["dataset"] == dataset)
    ]
    for (prior, source, note), group in own.groupby(["prior", "source", "note"]):
        values = dict(zip(group["task"], group["value"], strict=True))
        yield _Paper(str(prior), str(source), str(note), values)
