"""How far an experiment is, from the files of its run alone: so from any terminal, and on any node
of a cluster.
"""

from __future__ import annotations

import math
import os
import time
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from statistics import fmean
from typing import Any, TypeAlias

from priorbench.monitor.failures import LOST, Ended, Failure, failures
from priorbench.plan import Plan
from priorbench.store.cell import Cell, cell_of
from priorbench.store.chunk import Chunk
from priorbench.store.files import read_json, read_rows
from priorbench.store.locks import held
from priorbench.store.outcome import Outcome
from priorbench.store.status import Status

Outcomes: TypeAlias = Mapping[tuple[Cell, str], Outcome]
"""How restorations ended, by their cell and image."""

RECENT = 30.0
"""Seconds after its last line in which a job that holds no lock counts as running: it starts, or
knows no locks.
"""


@dataclass(frozen=True)
class PriorProgress:
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
        work: seconds of restoring that are left, as long as those before; None if none has been
            measured.
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
class Progress:
    """How far an experiment is.

    Args:
        experiment: its name.
        priors: how far each one is.
        failures: what failed, scores too, and jobs that ended without a result.
        changed: when a file of the run changed last, in seconds since the epoch; None if there
            is none.
    """

    experiment: str
    priors: tuple[PriorProgress, ...]
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
        recent: seconds after its last line in which a job without a lock counts as running; 0 when
            none can run.
    """

    def __init__(self, plan: Plan, recent: float = RECENT) -> None:
        self._plan, self._recent = plan, recent
        self._read: dict[Path, tuple[tuple[int, int], Any]] = {}
        self._changed: float | None = None

    def look(self) -> Progress:
        """Return how far the experiment is now."""
        self._changed = None
        looks = [_Look(self._plan, prior, self) for prior in self._plan.priors]
        priors = tuple(look.progress() for look in looks)
        ended = [each for look in looks for each in (*look.ended, *look.unscored)]
        lost = [failure for look in looks for failure in look.lost]
        found = (*failures(self._plan, ended), *lost)
        return Progress(self._plan.experiment.experiment, priors, found, self._changed)

    def content(self, path: Path, stat: os.stat_result, read: Callable[[Path], Any]) -> Any:
        """Return ``read(path)``, from memory unless the file has changed; None if unreadable."""
        version = (stat.st_mtime_ns, stat.st_size)
        known = self._read.get(path)
        if known is None or known[0] != version:
            try:
                known = version, read(path)
            except (OSError, ValueError, KeyError, TypeError, AttributeError):
                known = version, None
            self._read[path] = known
        return known[1]

    def note(self, stat: os.stat_result) -> None:
        """Remember that a file of the run changed."""
        self._changed = max(self._changed or 0.0, stat.st_mtime)

    def is_running(self, log: os.stat_result | None, lock: Path) -> bool:
        """Whether a job runs: its log has just grown, or it holds its lock."""
        return (log is not None and time.time() - log.st_mtime < self._recent) or held(lock)


class _Look:
    """One look at one prior."""

    def __init__(self, plan: Plan, prior: str, observer: Observer) -> None:
        self.plan, self.prior, self.observer = plan, prior, observer
        self.ended: list[Ended] = []
        self.unscored: list[Ended] = []
        self.lost: list[Failure] = []
        self.total = 0
        self.running = 0
        self.jobs = 0
        self.outdated = 0
        self.left: Counter[Cell] = Counter()
        self.seconds = 0.0
        # Several jobs may share a cell.
        self.records = cache(lambda cell: _listing(plan.layout.cell_spec(cell)))

    def progress(self) -> PriorProgress:
        plan, prior = self.plan, self.prior
        training = ""
        if plan.prior(prior).spec.learns:
            training = self._fit(plan.layout.training(prior), f"training {prior}", "train", prior)
        tuning = [
            self._fit(plan.layout.tuned(t, prior), f"tuning {prior} for {t}", "tune", t, prior)
            for t in plan.tunings.of_prior(prior)
        ]
        for dataset in plan.test:
            self._dataset(dataset)
        self.seconds += math.fsum(each.outcome.seconds or 0.0 for each in self.ended)
        failed = sum(each.failed for each in self.ended)
        return PriorProgress(
            prior=prior,
            total=self.total,
            done=len(self.ended) - failed,
            failed=failed,
            running=self.running,
            jobs=self.jobs,
            training=training,
            tuning=tuple(tuning),
            seconds=self.seconds,
            work=self._work(),
            outdated=self.outdated,
        )

    def _fit(self, result: Path, where: str, stage: str, *names: str) -> str:
        """Return how far a training or a tuning is."""
        log = self.plan.layout.log_file(stage, *names)
        written, logged = _stat(result), _stat(log)
        for stat in (written, logged):
            if stat:
                self.observer.note(stat)
        if written:
            fit = self.observer.content(result, written, _fit_result)
            self.seconds += fit.seconds if fit else 0.0
            return "done" if fit and fit.ok else "failed"
        if self.observer.is_running(logged, self.plan.layout.lock(stage, *names)):
            return "running"
        if logged:
            self.lost.append(Failure(where, LOST, log))
        return "waiting"

    def _dataset(self, dataset: str) -> None:
        """Count the restorations of one data set."""
        layout = self.plan.layout
        chunks = self.plan.chunks(dataset, self.prior)
        if not chunks:
            return
        first = chunks[0]
        runs, scores = _listing(layout.runs(first)), _listing(layout.scores(first))
        # Whole folders are listed, as asking for each file takes long on a network file system;
        # none if all jobs have ended.
        is_open = any(layout.runs(chunk).name not in runs for chunk in chunks)
        logs = _listing(layout.log_file("restore", first)) if is_open else {}
        locks = _listing(layout.lock("restore", first)) if is_open else {}
        for chunk in chunks:
            written = runs.get(layout.runs(chunk).name)
            if written:
                found = self._finished(chunk, written)
                self._scores(chunk, scores.get(layout.scores(chunk).name), found)
            else:
                lock = layout.lock("restore", chunk)
                log = logs.get(layout.log_file("restore", chunk).name)
                found = self._unfinished(chunk, log, lock.name in locks)
            self.ended += [
                Ended(cell, chunk, image, outcome) for (cell, image), outcome in found.items()
            ]
            for cell, image in chunk.restorations():
                self.left[cell] += (cell, image) not in found
            self.total += len(chunk)

    def _finished(self, chunk: Chunk, written: os.stat_result) -> Outcomes:
        """Return how the restorations of a job ended that has written its rows."""
        layout = self.plan.layout
        self.observer.note(written)
        path = layout.runs(chunk)
        job = self.observer.content(path, written, _job_rows)
        if job is None:
            self.lost.append(Failure(str(path), "can't be read", layout.log_file("restore", chunk)))
            return {}
        planned = set(chunk.restorations())
        found = {key: outcome for key, outcome in job.outcomes.items() if key in planned}
        for cell, image in found:
            current = self.plan.fingerprints.restored(cell)
            self.outdated += job.fingerprints[cell, image] != current
        return found

    def _unfinished(self, chunk: Chunk, log: os.stat_result | None, has_lock: bool) -> Outcomes:
        """Return how the restorations ended that a job has done which has not written its rows."""
        layout = self.plan.layout
        self.jobs += 1
        found = self._recorded(chunk)
        if log:
            self.observer.note(log)
        begun = log is not None or has_lock
        if begun and self.observer.is_running(log, layout.lock("restore", chunk)):
            # Between its last image and its rows a job has none left.
            self.running += len(found) < len(chunk)
        elif log:
            where = f"restoring {chunk.prior} on {chunk.dataset}, job {chunk.number}"
            self.lost.append(Failure(where, LOST, layout.log_file("restore", chunk)))
        return found

    def _scores(self, chunk: Chunk, written: os.stat_result | None, restored: Outcomes) -> None:
        """Note the scores of restored images that failed."""
        if written is None:
            return
        self.observer.note(written)
        path = self.plan.layout.scores(chunk)
        scores = self.observer.content(path, written, _failed_scores)
        if scores is None:
            log = self.plan.layout.log_file("score", chunk)
            self.lost.append(Failure(str(path), "can't be read", log))
        self.unscored += [
            Ended(cell, chunk, image, outcome)
            for (cell, image), outcome in scores or ()
            if (cell, image) in restored
            and restored[cell, image].status in (Status.OK, Status.TIMEOUT)
        ]

    def _recorded(self, chunk: Chunk) -> Outcomes:
        """Return how those images ended that a job has finished before it ended itself."""
        found: dict[tuple[Cell, str], Outcome] = {}
        for part in chunk.parts:
            records = self.records(part.cell)
            for image in part.images:
                stat = records.get(f"{image}.json")
                if stat:
                    self.observer.note(stat)
                    path = self.plan.layout.restored(part.cell, f"{image}.json")
                    outcome = self.observer.content(path, stat, _recorded_outcome)
                    if outcome:
                        found[part.cell, image] = outcome
        return found

    def _work(self) -> float | None:
        """Return the seconds of restoring that are left, by the mean of each task."""
        measured: dict[Cell, list[float]] = {}
        for each in self.ended:
            if each.outcome.seconds is not None:
                measured.setdefault(each.cell, []).append(each.outcome.seconds)
        every = [seconds for times in measured.values() for seconds in times]
        if not any(self.left.values()):
            return 0.0
        if not every:
            return None
        return sum(
            count * fmean(measured.get(cell, every)) for cell, count in self.left.items() if count
        )


@dataclass(frozen=True)
class _Job:
    """The rows of a job by cell and image, and what they were computed with."""

    outcomes: Outcomes
    fingerprints: Mapping[tuple[Cell, str], str]


def _job_rows(path: Path) -> _Job:
    rows = {(cell_of(row), row["image"]): row for row in read_rows(path)}
    return _Job(
        {key: Outcome.from_dict(row) for key, row in rows.items()},
        {key: str(row.get("fingerprint", "")) for key, row in rows.items()},
    )


def _failed_scores(path: Path) -> list[tuple[tuple[Cell, str], Outcome]]:
    """Return cell and image of scores that failed, other than by a time limit, and how."""
    outcomes = [
        (
            (cell_of(row), row["image"]),
            Outcome(Status(row["status"]), "score", f"{row['metric']}: {row['reason']}"),
        )
        for row in read_rows(path)
    ]
    return [
        (key, outcome)
        for key, outcome in outcomes
        if outcome.status.is_failure and outcome.status != Status.TIMEOUT
    ]


def _recorded_outcome(path: Path) -> Outcome:
    return Outcome.from_dict(read_json(path)["outcome"])


def _fit_result(path: Path) -> Outcome:
    """Return how a training or a tuning ended, with the seconds of all its candidates."""
    result = read_json(path)
    parts = [result, *result.get("combinations", [])]
    seconds = math.fsum(part.get("seconds") or 0.0 for part in parts)
    return replace(Outcome.from_dict(result), seconds=seconds)


def _over_jobs(work: float | None, left: int, jobs: int) -> float | None:
    """Return how long work takes; None if nobody does it, or nothing has been measured."""
    if not left:
        return 0.0
    return work / jobs if work is not None and jobs else None


def _stat(path: Path) -> os.stat_result | None:
    try:
        return path.stat()
    except OSError:
        return None


def _listing(path: Path) -> dict[str, os.stat_result]:
    """Return the files beside ``path``; one that vanishes meanwhile is left out."""
    found = {}
    with suppress(OSError), os.scandir(path.parent) as entries:
        for entry in entries:
            with suppress(OSError):
                found[entry.name] = entry.stat()
    return found
