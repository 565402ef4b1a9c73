"""What failed in a run, and the logs that say more."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from priorbench.plan import Plan
from priorbench.store.cell import Cell
from priorbench.store.chunk import Chunk
from priorbench.store.outcome import Outcome

LOST = "ended without a result"
SHOWN = 10


@dataclass(frozen=True)
class Ended:
    """A restoration, or one score of it, that ended.

    Args:
        cell: data set, task and prior.
        chunk: the job.
        image: name of the image.
        outcome: how it ended.
    """

    cell: Cell
    chunk: Chunk
    image: str
    outcome: Outcome

    @property
    def failed(self) -> bool:
        """Whether it is a failure: not what a prior can't do, nor an undefined metric."""
        return self.outcome.status.is_failure


@dataclass(frozen=True)
class Failure:
    """What failed in one place.

    Args:
        where: the work.
        what: how often, and the first reason.
        log: the log of the first job.
    """

    where: str
    what: str
    log: Path


def failures(plan: Plan, ended: Iterable[Ended]) -> list[Failure]:
    """Return the failures: those of a prior on a task together, and so those of their scores.

    What failed before the restorations (an image, a fit) is one failure, with the log of the job
    that did it.
    """
    groups: dict[tuple[str, Path | None], list[Ended]] = {}
    for each in ended:
        if each.failed:
            where, log = _place(plan, each)
            # The jobs of a cell have logs of their own: the first one stands for all.
            of_chunk = each.outcome.stage in ("restore", "score")
            groups.setdefault((where, None if of_chunk else log), []).append(each)
    return [
        Failure(where, _what(group), _place(plan, group[0])[1])
        for (where, _), group in groups.items()
    ]


def lost_jobs(plan: Plan) -> Iterator[Failure]:
    """Yield the jobs of stages without locks that have a log and no result; for when none runs."""
    for stage, names, result in _results(plan):
        log = plan.layout.log_file(stage, *names)
        if log.exists() and not result.exists():
            yield Failure(" ".join([stage, "/".join(map(str, names))]).strip(), LOST, log)


def _results(plan: Plan) -> Iterator[tuple[str, tuple[object, ...], Path]]:
    """Yield the stages that hold no lock, with the names of each job and a file that it writes."""
    layout = plan.layout
    for dataset in plan.datasets:
        yield "prepare", (dataset,), layout.images(dataset)
    for dataset in plan.test:
        for task in plan.tasks:
            yield "corrupt", (dataset, task), layout.problems(dataset, task)
    for chunk in plan.all_chunks():
        yield "score", (chunk,), layout.scores(chunk)
    yield "gather", (), layout.result("runs")
    yield "tabulate", (), layout.table(plan.tables[0])
    yield "draw", (), layout.figure(plan.figures[0])
    for study in plan.studies:
        yield "study", (study,), layout.study(study)
    yield "site", (), layout.site().page()


def lines(failures: list[Failure]) -> list[str]:
    """Return failures as text, two lines each, and how many more there are."""
    shown: list[str] = []
    for failure in failures[:SHOWN]:
        shown += [f"{failure.where}: {failure.what}", f"  log: {failure.log}"]
    more = len(failures) - SHOWN
    return [*shown, f"and {more} more"] if more > 0 else shown


def log_of(plan: Plan, stage: str, cell: Cell, chunk: Chunk) -> Path:
    """Return the log of the job in which the work on a restoration ended.

    Args:
        plan: the experiment.
        stage: the stage that it ended in.
        cell: data set, task and prior.
        chunk: the job that restores it, and that scores it.
    """
    names: dict[str, tuple[object, ...]] = {
        "prepare": (cell.dataset,),
        "corrupt": (cell.dataset, cell.task),
        "train": (cell.prior,),
        "tune": (cell.task, cell.prior),
        "score": (chunk,),
    }
    if stage not in names:
        return plan.layout.log_file("restore", chunk)
    return plan.layout.log_file(stage, *names[stage])


def _place(plan: Plan, ended: Ended) -> tuple[str, Path]:
    """Return in words where a restoration failed, and the log of the job in which it did."""
    cell, stage = ended.cell, ended.outcome.stage
    place = f"{cell.prior} on {cell.task} of {cell.dataset}"
    words = {
        "prepare": f"preparing {cell.dataset}",
        "corrupt": f"corrupting {cell.dataset} for {cell.task}",
        "train": f"training {cell.prior}",
        "tune": f"tuning {cell.prior} for {cell.task}",
        "score": f"scoring {place}",
    }
    return words.get(stage, place), log_of(plan, stage, cell, ended.chunk)


def _what(group: list[Ended]) -> str:
    statuses = Counter(each.outcome.status for each in group)
    counts = ", ".join(f"{count} {status}" for status, count in statuses.items())
    reason = next(iter(group[0].outcome.reason.strip().splitlines()), "")
    return f"{counts}: {reason}".removesuffix(": ")
