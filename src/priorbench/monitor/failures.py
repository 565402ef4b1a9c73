"""What went wrong in a run, and which log tells more."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from priorbench.plan import Plan
from priorbench.store.status import NO_FAILURE

LOST = "ended without a result"
SHOWN = 10


class Ended(NamedTuple):
    """How one restoration, or one score of it, ended, and in which job."""

    dataset: str
    task: str
    prior: str
    chunk: str
    image: str
    status: str
    stage: str
    reason: str
    seconds: float | None

    @property
    def failed(self) -> bool:
        """Whether it is a failure: not what a prior can't do, nor an undefined metric."""
        return self.status not in NO_FAILURE


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
    log: str


def failures(plan: Plan, rows: Iterable[Ended]) -> list[Failure]:
    """Return the failures among ``rows``: together those of a prior on a task, and of their scores.

    What failed before the restorations (an image, a fit) is told once, with the log of the job that did it.
    """
    groups: dict[tuple[str, str], list[Ended]] = {}
    for row in rows:
        if row.failed:
            place, log = _place(plan, row)
            # The chunks of a cell have logs of their own: the first one stands for all.
            groups.setdefault((place, "" if row.stage in ("restore", "score") else log), []).append(
                row
            )
    return [
        Failure(place, _what(group), _place(plan, group[0])[1])
        for (place, _), group in groups.items()
    ]


def lost_jobs(plan: Plan) -> Iterator[Failure]:
    """Yield the jobs that have a log and no result, of the stages that hold no lock; for when nothing runs."""
    layout = plan.layout
    jobs: list[tuple[tuple[str, ...], str]] = [
        *((("prepare", dataset), layout.images(dataset)) for dataset in plan.datasets),
        *((("corrupt", d, t), layout.problems(d, t)) for d in plan.test for t in plan.tasks),
        *(
            (("score", *cell, str(chunk)), layout.scores(*cell, str(chunk)))
            for cell in plan.cells()
            for chunk in range(len(plan.chunks(cell[0], cell[2])))
        ),
        *((("gather", prior), layout.gathered("runs", prior)) for prior in plan.priors),
        (("gather_all",), layout.result("runs")),
        (("tables",), layout.table(plan.tables[0])),
        *((("draw", figure), layout.figure(figure)) for figure in plan.figures),
        *((("study", study), layout.study(study)) for study in plan.studies),
    ]
    for (stage, *names), result in jobs:
        log = layout.log_file(stage, *names)
        if Path(log).exists() and not Path(result).exists():
            yield Failure(" ".join([stage, "/".join(names)]).strip(), LOST, log)


def lines(found: list[Failure]) -> list[str]:
    """Return failures as text, two lines each, and how many more there are."""
    told = [
        (f"{failure.where}: {failure.what}", f"  log: {failure.log}") for failure in found[:SHOWN]
    ]
    more = len(found) - SHOWN
    return [*(line for two in told for line in two), *([f"and {more} more"] if more > 0 else [])]


def _place(plan: Plan, row: Ended) -> tuple[str, str]:
    """Return in words where a restoration failed, and the log of the job in which it did."""
    log = plan.layout.log_file
    if row.stage == "prepare":
        return f"preparing {row.dataset}", log("prepare", row.dataset)
    if row.stage == "corrupt":
        return f"corrupting {row.dataset} for {row.task}", log("corrupt", row.dataset, row.task)
    if row.stage == "train":
        return f"training {row.prior}", log("train", row.prior)
    if row.stage == "tune":
        return f"tuning {row.prior} for {row.task}", log("tune", row.task, row.prior)
    place = f"{row.prior} on {row.task} of {row.dataset}"
    if row.stage == "score":
        return f"scoring {place}", log("score", row.dataset, row.task, row.prior, row.chunk)
    return place, log("restore", row.dataset, row.task, row.prior, row.chunk)


def _what(rows: list[Ended]) -> str:
    counts = ", ".join(
        f"{count} {status}" for status, count in Counter(row.status for row in rows).items()
    )
    line = next(iter(rows[0].reason.strip().splitlines()), "")
    return f"{counts}: {line}".removesuffix(": ")
