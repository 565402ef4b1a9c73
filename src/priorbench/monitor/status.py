"""How far an experiment is, from the files of its run alone: so from any terminal, and on any node of a cluster."""

from __future__ import annotations

import math
import os
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Any, TypeAlias

from priorbench.monitor.failures import LOST, Ended, Failure, failures
from priorbench.plan import Plan
from priorbench.store.files import read_json, read_rows
from priorbench.store.locks import held
from priorbench.store.status import NO_FAILURE, OK, TIMEOUT

RECENT = 30.0
"""Seconds after its last line in which a job that holds no lock counts as running: it starts, or knows no locks."""


@dataclass(frozen=True)
class PriorStatus:
    """How far a prior is.

    Args:
        prior: its id.
        total: its restorations.
        done: those that ended well, or that the prior can't do.
        failed: those that failed, diverged or ran out of time.
        running: jobs that restore now, each one image at a time.
        jobs: those that have not written their rows.
        training: waiting, running, done, failed, or empty if it doesn't learn.
        tuning: the same of each of its tunings.
        seconds: of training, tuning and restoring so far.
        work: seconds of restoring that are left, as long as those before; None if none has been measured.
        outdated: those done with other code, settings or images than the plan has now.
    """

    prior: str
    total: int
    done: int
    failed: int
    running: int
    jobs: int
    training: str
    tuning: tuple[str, ...]
    seconds: float
    work: float | None
    outdated: int = 0

    @property
    def left(self) -> int:
        """The restorations that have not ended."""
        return self.total - self.done - self.failed

    @property
    def waiting(self) -> int:
        """The restorations that have not begun."""
        return self.left - self.running

    @property
    def eta(self) -> float | None:
        """Seconds until the prior is done with as many jobs as now; None if that can't be known."""
        return _over_jobs(self.work, self.left, self.running)


@dataclass(frozen=True)
class Status:
    """How far an experiment is.

    Args:
        experiment: its name.
        priors: how far each one is.
        failures: what failed, scores too, and jobs that ended without a result.
        changed: when a file of the run changed last, in seconds since the epoch; None if there is none.
    """

    experiment: str
    priors: tuple[PriorStatus, ...]
    failures: tuple[Failure, ...]
    changed: float | None

    def sum(self, name: str) -> int:
        """Return the sum of a count over the priors."""
        return sum(getattr(prior, name) for prior in self.priors)

    @property
    def finished(self) -> bool:
        """Whether every job has written its rows."""
        return self.sum("jobs") == 0

    @property
    def eta(self) -> float | None:
        """Seconds until all is restored with as many jobs as now; None if that can't be known."""
        work = [prior.work for prior in self.priors]
        known = [seconds for seconds in work if seconds is not None]
        return _over_jobs(
            sum(known) if len(known) == len(work) else None, self.sum("left"), self.sum("running")
        )


class Observer:
    """Looks at an experiment again and again, and reads only what has changed.

    Args:
        plan: the experiment.
        recent: seconds after its last line in which a job without a lock counts as running; 0 when none can run.
    """

    def __init__(self, plan: Plan, recent: float = RECENT) -> None:
        self._plan, self._recent = plan, recent
        self._read: dict[str, tuple[tuple[int, int], Any]] = {}
        self._changed: float | None = None
        self._cells: dict[str, list[tuple[str, str]]] = {prior: [] for prior in plan.priors}
        for dataset, task, prior in plan.cells():
            self._cells[prior].append((dataset, task))

    def look(self) -> Status:
        """Return how far the experiment is now."""
        self._changed = None
        priors, rows, lost = [], [], []
        for prior, cells in self._cells.items():
            look = _Look(self._plan, prior, cells, self)
            priors.append(look.status())
            rows += [*look.ended, *look.unscored]
            lost += look.lost
        found = (*failures(self._plan, rows), *lost)
        return Status(self._plan.experiment.experiment, tuple(priors), found, self._changed)

    def content(self, path: str, stat: os.stat_result, read: Callable[[Path], Any]) -> Any:
        """Return ``read(path)``, from memory unless the file has changed; None if it can't be read."""
        version = (stat.st_mtime_ns, stat.st_size)
        known = self._read.get(path)
        if known is None or known[0] != version:
            try:
                known = version, read(Path(path))
            except (OSError, ValueError, KeyError, TypeError, AttributeError):
                known = version, None
            self._read[path] = known
        return known[1]

    def note(self, stat: os.stat_result) -> None:
        """Remember that a file of the run changed."""
        self._changed = max(self._changed or 0.0, stat.st_mtime)

    def is_running(self, log: os.stat_result | None, lock: str) -> bool:
        """Whether a job works now: its log has just grown, or it holds its lock."""
        return (log is not None and time.time() - log.st_mtime < self._recent) or held(Path(lock))


class _Look:
    """One look at one prior."""

    def __init__(
        self, plan: Plan, prior: str, cells: list[tuple[str, str]], observer: Observer
    ) -> None:
        self.plan, self.prior, self.cells, self.observer = plan, prior, cells, observer
        self.ended: list[Ended] = []
        self.unscored: list[Ended] = []
        self.lost: list[Failure] = []
        self.total = self.running = self.jobs = self.outdated = 0
        self.left: dict[tuple[str, str], int] = {}
        self.seconds = 0.0

    def status(self) -> PriorStatus:
        plan, prior = self.plan, self.prior
        training = ""
        if plan.prior(prior).spec.learns:
            training = self._fit(plan.layout.training(prior), f"training {prior}", "train", prior)
        tuning = [
            self._fit(plan.layout.tuned(t, prior), f"tuning {prior} for {t}", "tune", t, prior)
            for t in plan.tunings.of_prior(prior)
        ]
        for dataset, task in self.cells:
            self._cell(dataset, task)
        self.seconds += math.fsum(row.seconds or 0.0 for row in self.ended)
        failed = sum(row.failed for row in self.ended)
        done = len(self.ended) - failed
        return PriorStatus(
            prior=prior,
            total=self.total,
            done=done,
            failed=failed,
            running=self.running,
            jobs=self.jobs,
            training=training,
            tuning=tuple(tuning),
            seconds=self.seconds,
            work=self._work(),
            outdated=self.outdated,
        )

    def _fit(self, result: str, where: str, stage: str, *names: str) -> str:
        """Return how far a training or a tuning is."""
        log = self.plan.layout.log_file(stage, *names)
        written, said = _stat(result), _stat(log)
        for stat in (written, said):
            if stat:
                self.observer.note(stat)
        if written:
            state, seconds = self.observer.content(result, written, _fit_result) or ("failed", 0.0)
            self.seconds += seconds
            return "done" if state == OK else "failed"
        if self.observer.is_running(said, self.plan.layout.lock(stage, *names)):
            return "running"
        if said:
            self.lost.append(Failure(where, LOST, log))
        return "waiting"

    def _cell(self, dataset: str, task: str) -> None:
        """Count the restorations of one data set and task."""
        cell, layout = (dataset, task, self.prior), self.plan.layout
        chunks = self.plan.chunks(dataset, self.prior)
        runs, scores = (_listing(file(*cell, "0")) for file in (layout.runs, layout.scores))
        # Whole folders are listed, as asking for each file takes long on a network; none if all jobs have ended.
        open_cell = any(f"{number}.jsonl" not in runs for number in range(len(chunks)))
        logs = _listing(layout.log_file("restore", *cell, "0")) if open_cell else {}
        locks = _listing(layout.lock("restore", *cell, "0")) if open_cell else {}
        records = _listing(layout.restored(*cell, "0")) if open_cell else {}
        for number, images in enumerate(chunks):
            chunk = str(number)
            log = layout.log_file("restore", *cell, chunk)
            written, said = runs.get(f"{chunk}.jsonl"), logs.get(f"{chunk}.log")
            if written:
                self.observer.note(written)
                job = self.observer.content(layout.runs(*cell, chunk), written, _job_rows)
                if job is None:
                    self.lost.append(Failure(layout.runs(*cell, chunk), "can't be read", log))
                rows = job.rows if job else {}
                found = {image: rows[image] for image in images if image in rows}
                if job and job.fingerprints != {self.plan.fingerprints.restored(*cell)}:
                    self.outdated += len(found)
                self._scores(cell, chunk, scores.get(f"{chunk}.jsonl"), found)
            else:
                self.jobs += 1
                found = self._records(cell, images, records)
                if said:
                    self.observer.note(said)
                lock = layout.lock("restore", *cell, chunk)
                if (said or f"{chunk}.lock" in locks) and self.observer.is_running(said, lock):
                    # Between its last image and its rows a job has none left.
                    self.running += len(found) < len(images)
                elif said:
                    self.lost.append(Failure(f"restoring {'/'.join(cell)}, job {chunk}", LOST, log))
            self.ended += [Ended(*cell, chunk, image, *how) for image, how in found.items()]
            self.left[dataset, task] = self.left.get((dataset, task), 0) + len(images) - len(found)
            self.total += len(images)

    def _scores(
        self, cell: tuple[str, str, str], chunk: str, written: os.stat_result | None, runs: _Hows
    ) -> None:
        """Note the scores of restored images that failed."""
        if written is None:
            return
        self.observer.note(written)
        file = self.plan.layout.scores(*cell, chunk)
        rows = self.observer.content(file, written, _failed_scores)
        if rows is None:
            log = self.plan.layout.log_file("score", *cell, chunk)
            self.lost.append(Failure(file, "can't be read", log))
        self.unscored += [
            Ended(*cell, chunk, image, status, "score", reason, None)
            for image, status, reason in rows or ()
            if image in runs and runs[image][0] in (OK, TIMEOUT)
        ]

    def _records(
        self, cell: tuple[str, str, str], images: list[str], records: dict[str, os.stat_result]
    ) -> dict[str, _How]:
        """Return how those images ended that a job has finished before it ended itself."""
        found = {}
        for image in images:
            stat = records.get(f"{image}.json")
            if stat:
                self.observer.note(stat)
                how = self.observer.content(
                    self.plan.layout.restored(*cell, f"{image}.json"), stat, _record
                )
                if how:
                    found[image] = how
        return found

    def _work(self) -> float | None:
        """Return the seconds of restoring that are left: each image takes as long as those of its task before."""
        measured: dict[tuple[str, str], list[float]] = {}
        for row in self.ended:
            if row.seconds is not None:
                measured.setdefault((row.dataset, row.task), []).append(row.seconds)
        every = [seconds for times in measured.values() for seconds in times]
        if not any(self.left.values()):
            return 0.0
        if not every:
            return None
        return sum(
            count * fmean(measured.get(cell, every)) for cell, count in self.left.items() if count
        )


_How: TypeAlias = tuple[str, str, str, float | None]
"""Status, stage, reason and seconds."""
_Hows: TypeAlias = Mapping[str, _How]
"""By image."""


@dataclass(frozen=True)
class _Job:
    """The rows of a job by their images, and what they were computed with."""

    rows: Mapping[str, _How]
    fingerprints: frozenset[str]


def _job_rows(path: Path) -> _Job:
    rows = read_rows(path)
    return _Job(
        {row["image"]: _how(row) for row in rows},
        frozenset(str(row.get("fingerprint", "")) for row in rows),
    )


def _failed_scores(path: Path) -> list[tuple[str, str, str]]:
    """Return image, status and reason of the scores that failed, other than by a time limit."""
    return [
        (row["image"], row["status"], f"{row['metric']}: {row['reason']}")
        for row in read_rows(path)
        if row["status"] not in (*NO_FAILURE, TIMEOUT)
    ]


def _record(path: Path) -> _How:
    return _how(read_json(path)["outcome"])


def _how(row: Mapping[str, Any]) -> _How:
    return row["status"], row["stage"], row["reason"], row["seconds"]


def _fit_result(path: Path) -> tuple[str, float]:
    """Return the status and the seconds of a training, or of all candidates of a tuning."""
    result = read_json(path)
    parts = [result, *result.get("combinations", [])]
    return result["status"], math.fsum(part.get("seconds") or 0.0 for part in parts)


def _over_jobs(work: float | None, left: int, jobs: int) -> float | None:
    """Return how long work takes; what nobody does, or nobody has measured, has no end that is known."""
    if not left:
        return 0.0
    return work / jobs if work is not None and jobs else None


def _stat(path: str) -> os.stat_result | None:
    try:
        return Path(path).stat()
    except OSError:
        return None


def _listing(path: str) -> dict[str, os.stat_result]:
    """Return the files of the folder that ``path`` lies in; one that vanishes meanwhile is left out."""
    found = {}
    with suppress(OSError), os.scandir(Path(path).parent) as entries:
        for entry in entries:
            with suppress(OSError):
                found[entry.name] = entry.stat()
    return found
