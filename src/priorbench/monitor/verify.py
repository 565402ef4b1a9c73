"""Whether what was written is whole, there, and what the plan would make now."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from priorbench.errors import StorageError
from priorbench.monitor.outdated import outdated_manifest, outdated_record
from priorbench.plan import Plan
from priorbench.plan.lost import missing_files
from priorbench.results.gather import read_table
from priorbench.results.versions import NewerVersionError
from priorbench.store.cell import Cell
from priorbench.store.chunk import Chunk
from priorbench.store.files import read_json, read_rows
from priorbench.store.locks import held
from priorbench.store.manifest import check_file, read_manifest
from priorbench.store.memo import recorded_checksums
from priorbench.store.status import Status

ABANDONED = 3600.0
"""Seconds after which a temporary file belongs to no running job."""
KINDS = ("runs", "scores")


@dataclass(frozen=True)
class Checked:
    """A file that was looked at.

    Args:
        path: the file.
        reason: why it is not what was written; empty when it is.
        remove: what was made from it, up to the whole experiment's tables of rows: without these
            the next run makes it again. Restorations are not among them; their records say whether
            they are still of the same problem.
    """

    path: Path
    reason: str = ""
    remove: tuple[Path, ...] = ()


def damages(plan: Plan) -> Iterator[Checked]:
    """Yield what is damaged, see :func:`check`."""
    return (file for file in check(plan) if file.reason)


def check(plan: Plan) -> Iterator[Checked]:
    """Yield every file that is there or should be, and temporary files of killed processes.

    A file that was not written yet is no damage. It is one if something that is there says that it
    was: a manifest, a row, or the tables of a prior that was finished.
    """
    verifier = _Verifier(plan)
    for dataset in plan.datasets:
        yield from verifier.images(dataset)
    for dataset in plan.test:
        for task in plan.tasks:
            yield from verifier.problems(dataset, task)
    for prior in plan.learners:
        yield from verifier.model(prior)
    for prior in plan.priors:
        for target in plan.tunings.of_prior(prior):
            yield from verifier.tuning(target, prior)
    yield from verifier.missing()
    for chunk in plan.all_chunks():
        yield from verifier.job(chunk)
    yield from verifier.tables()
    for path in sorted(plan.layout.root.rglob(".*.partial")):
        if time.time() - path.stat().st_mtime > ABANDONED:
            yield Checked(path, "left by a process that was killed while it wrote")


def running(plan: Plan) -> list[Path]:
    """Return the locks of jobs that run at this moment."""
    return [path for path in sorted((plan.layout.root / "locks").rglob("*.lock")) if held(path)]


def remove(damage: Checked) -> None:
    """Remove a damaged file and what stands for it in the workflow."""
    for path in (damage.path, *damage.remove):
        path.unlink(missing_ok=True)


class _Verifier:
    """Checks the files of a plan."""

    def __init__(self, plan: Plan) -> None:
        self.plan, self.layout = plan, plan.layout
        self.made_from = _Downstream(plan)

    def images(self, dataset: str) -> Iterator[Checked]:
        manifest = self.layout.images(dataset)
        made = self.made_from.images(dataset)
        current = self.plan.fingerprints.images(dataset)
        yield from _manifest(manifest, lambda i: self.layout.image(dataset, i), made, current)

    def problems(self, dataset: str, task: str) -> Iterator[Checked]:
        manifest = self.layout.problems(dataset, task)
        made = self.made_from.cells(lambda cell: (cell.dataset, cell.task) == (dataset, task))
        current = self.plan.fingerprints.problems(dataset, task)
        yield from _manifest(
            manifest, lambda image: self.layout.problem(dataset, task, image), made, current
        )

    def model(self, prior: str) -> Iterator[Checked]:
        training, made = self.layout.training(prior), self.made_from.training(prior)
        if not training.exists():
            return
        try:
            about = read_json(training)
            status, digest = about["status"], about["sha256"]
        except (ValueError, KeyError, TypeError) as error:
            yield Checked(training, f"not the record of a fit: {error}", made)
            return
        current = self.plan.fingerprints.training(prior)
        yield Checked(training, outdated_record(training, current), made)
        if status == Status.OK:
            yield _same(self.layout.model(prior), digest, (training, *made))

    def tuning(self, target: str, prior: str) -> Iterator[Checked]:
        path, made = self.layout.tuned(target, prior), self.made_from.tuning(target, prior)
        current = self.plan.fingerprints.tuning(target, prior)
        with suppress(FileNotFoundError):
            try:
                yield Checked(path, outdated_record(path, current), made)
            except ValueError as error:
                yield Checked(path, str(error), made)

    def job(self, chunk: Chunk) -> Iterator[Checked]:
        """Check the restorations and the rows of a job."""
        fingerprints, cells = self.plan.fingerprints, [part.cell for part in chunk.parts]
        runs, scores = self.layout.runs(chunk), self.layout.scores(chunk)
        made = self.made_from.rows()
        for cell, image in chunk.restorations():
            yield from self._restored(cell, image, (runs, scores, *made))
        yield from _rows(runs, {fingerprints.restored(cell) for cell in cells}, (scores, *made))
        metrics = self.plan.metrics
        current = {fingerprints.score(cell, metric) for cell in cells for metric in metrics}
        yield from _rows(scores, current, made)

    def _restored(self, cell: Cell, image: str, made: tuple[Path, ...]) -> Iterator[Checked]:
        yield from self._recorded(self.layout.restored(cell, f"{image}.json"), made)
        yield from self._recorded(self.layout.samples_record(cell, image), made)

    def _recorded(self, record: Path, made: tuple[Path, ...]) -> Iterator[Checked]:
        """Check the files that a memo lists."""
        if not record.exists():
            return
        try:
            checksums = recorded_checksums(record)
        except ValueError as error:
            yield Checked(record, str(error), made)
            return
        yield Checked(record)
        for name, digest in checksums.items():
            yield _same(record.with_name(name), digest, (record, *made))

    def tables(self) -> Iterator[Checked]:
        """Check the tables of rows."""
        for table in self.made_from.rows():
            yield from _table(table)

    def missing(self) -> Iterator[Checked]:
        """Yield what is not there of what was finished."""
        plan, layout = self.plan, self.layout
        for missing in missing_files(plan):
            # What a manifest, a training or a record lists is checked with its checksum.
            chunk, record = missing.chunk, missing.file.with_suffix(".json")
            if chunk and not record.exists():
                made = (layout.runs(chunk), layout.scores(chunk), *self.made_from.rows())
                yield Checked(missing.file, "missing", made)
        finished = self._finished_priors()
        outputs = list(self.made_from.rows()) if finished else []
        for cell in plan.cells(finished):
            outputs += [layout.images(cell.dataset), layout.problems(cell.dataset, cell.task)]
            outputs += plan.model_files(cell.prior)
            outputs += plan.tunings.outputs(cell.task, cell.prior)
        for chunk in plan.all_chunks(finished):
            outputs += [layout.runs(chunk), layout.scores(chunk)]
        for output in dict.fromkeys(outputs):
            if not output.exists():
                yield Checked(output, "missing")  # The workflow asks for each by its name.

    def _finished_priors(self) -> list[str]:
        """Return the priors in the experiment's tables of rows."""
        known: set[str] = set()
        for table in self.made_from.rows():
            with suppress(OSError, ValueError):
                known.update(read_table(table)["prior"])
        return [prior for prior in self.plan.priors if prior in known]


class _Downstream:
    """What the workflow has made from each thing.

    Snakemake makes nothing again of which all the ends are there.
    """

    def __init__(self, plan: Plan) -> None:
        self.plan, self.layout = plan, plan.layout

    def rows(self) -> tuple[Path, ...]:
        return tuple(self.layout.result(kind) for kind in KINDS)

    def cells(self, chosen: Callable[[Cell], bool]) -> tuple[Path, ...]:
        found: list[Path] = []
        for chunk in self.plan.all_chunks():
            if any(chosen(part.cell) for part in chunk.parts):
                found += [self.layout.runs(chunk), self.layout.scores(chunk)]
        return (*found, *self.rows()) if found else ()

    def training(self, prior: str) -> tuple[Path, ...]:
        tuned = [self.layout.tuned(each, prior) for each in self.plan.tunings.of_prior(prior)]
        cells = self.cells(lambda cell: cell.prior == prior)
        return (self.layout.curve(prior), *tuned, *cells)

    def tuning(self, target: str, prior: str) -> tuple[Path, ...]:
        tunings = self.plan.tunings
        tuned = self.layout.tuned(target, prior)
        later = [
            self.layout.tuned(each, prior)
            for each in tunings.of_prior(prior)
            if tuned in tunings.inputs(each, prior)
        ]
        cells = self.cells(
            lambda cell: cell.prior == prior and target in tunings.targets(cell.task, prior)
        )
        return (*later, *cells)

    def images(self, dataset: str) -> tuple[Path, ...]:
        found: list[Path] = []
        if dataset in self.plan.test:
            found += [self.layout.problems(dataset, task) for task in self.plan.tasks]
        for prior in self.plan.learners:
            if self.plan.prior(prior).train_on == dataset:
                found += [self.layout.training(prior), *self.training(prior)]
        return (*found, *self.cells(lambda cell: cell.dataset == dataset))


def _manifest(
    path: Path, path_of: Callable[[str], Path], made: tuple[Path, ...], current: str
) -> Iterator[Checked]:
    """Check the files in a manifest, and whether it is the one that would be written now."""
    if not path.exists():
        return
    try:
        entries = read_manifest(path)
    except ValueError as error:
        yield Checked(path, str(error), made)
        return
    yield Checked(path, outdated_manifest(path, current), made)
    for image, entry in entries.items():
        if entry.outcome.ok:
            yield _same(path_of(image), entry.sha256, (path, *made))


def _rows(path: Path, current: set[str], made: tuple[Path, ...]) -> Iterator[Checked]:
    """Check rows: readable, and with the fingerprints that they would have now."""
    try:
        found = {str(row.get("fingerprint")) for row in read_rows(path)}
    except FileNotFoundError:
        return
    except (ValueError, OSError, AttributeError) as error:
        yield Checked(path, str(error), made)
        return
    reason = "" if found <= current else "out of date: computed with other code, settings or images"
    yield Checked(path, reason, made)


def _table(path: Path) -> Iterator[Checked]:
    try:
        read_table(path)
    except FileNotFoundError:
        return
    except NewerVersionError:
        raise  # It is whole: nothing of it may be removed.
    except (ValueError, OSError) as error:
        yield Checked(path, str(error))
        return
    yield Checked(path)


def _same(path: Path, digest: str, made: tuple[Path, ...]) -> Checked:
    """Check a file by its checksum."""
    try:
        check_file(path, digest)
    except StorageError as error:
        return Checked(path, str(error).partition(";")[0].removeprefix(f"{path} is "), made)
    return Checked(path)
