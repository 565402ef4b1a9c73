"""Whether what was written is whole, there, and what the plan would make now."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from priorbench.errors import StorageError
from priorbench.monitor.outdated import outdated_manifest, outdated_record
from priorbench.plan import Plan
from priorbench.plan.lost import missing_files
from priorbench.results.gather import read_table
from priorbench.store.files import read_json, read_rows
from priorbench.store.locks import held
from priorbench.store.manifest import check_file, read_manifest
from priorbench.store.outcome import OK

ABANDONED = 3600.0
"""Seconds after which a temporary file is nobody's."""


@dataclass(frozen=True)
class Checked:
    """A file that was looked at.

    Args:
        path: the file.
        reason: why it is not what was written; empty when it is.
        remove: what was made from it, up to the whole experiment's tables of rows: without these the next run makes it
            again. Restorations are not among them; their records tell whether they are still of the same problem.
    """

    path: Path
    reason: str = ""
    remove: tuple[Path, ...] = ()


def damages(plan: Plan) -> Iterator[Checked]:
    """Yield what is damaged, see :func:`check`."""
    return (file for file in check(plan) if file.reason)


def check(plan: Plan) -> Iterator[Checked]:
    """Yield every file that is there or should be, and what writing has left behind of processes that were killed.

    A file that was not written yet is no damage. It is one if something that is there says that it was: a
    manifest, a row, or the tables of a prior that was finished.
    """
    layout, made_from = plan.layout, _Downstream(plan)
    for dataset in plan.datasets:
        listed, made = Path(layout.images(dataset)), made_from.images(dataset)
        current = plan.fingerprints.images(dataset)
        yield from _listed(listed, partial(layout.image, dataset), made, current)
    for dataset in plan.test:
        for task in plan.tasks:
            listed, made = Path(layout.problems(dataset, task)), made_from.problems(dataset, task)
            current = plan.fingerprints.problems(dataset, task)
            yield from _listed(listed, partial(layout.problem, dataset, task), made, current)
    for prior in plan.learners:
        yield from _model(plan, prior, made_from.training(prior))
    for prior in plan.priors:
        for target in plan.tunings.of_prior(prior):
            tuned = Path(layout.tuned(target, prior))
            made = made_from.tuning(target, prior)
            yield from _record(tuned, plan.fingerprints.tuning(target, prior), made)
    yield from _missing(plan, made_from)
    for dataset, task, prior in plan.cells():
        for chunk, images in enumerate(plan.chunks(dataset, prior)):
            runs, scores = (
                Path(path(dataset, task, prior, str(chunk)))
                for path in (layout.runs, layout.scores)
            )
            rows = made_from.rows(prior)
            for image in images:
                yield from _restored(plan, dataset, task, prior, image, (runs, scores, *rows))
            restored = plan.fingerprints.restored(dataset, task, prior)
            yield from _rows(runs, {restored}, (scores, *rows))
            scored = {
                plan.fingerprints.score(dataset, task, prior, metric) for metric in plan.metrics
            }
            yield from _rows(scores, scored, rows)
    for kind in ("runs", "scores"):
        for prior in plan.priors:
            yield from _readable(
                Path(layout.gathered(kind, prior)), read_table, made_from.results()
            )
        yield from _readable(Path(layout.result(kind)), read_table, ())
    for path in sorted(Path(layout.root).rglob(".*.partial")):
        if time.time() - path.stat().st_mtime > ABANDONED:
            yield Checked(path, "left by a process that was killed while it wrote")


def working(plan: Plan) -> list[Path]:
    """Return the locks of jobs that work at this moment."""
    return [path for path in sorted(Path(plan.layout.root, "locks").rglob("*.lock")) if held(path)]


def remove(damage: Checked) -> None:
    """Remove a damaged file and what stands for it in the workflow."""
    for path in (damage.path, *damage.remove):
        path.unlink(missing_ok=True)


class _Downstream:
    """What the workflow has made from each thing. Snakemake makes nothing again of which all the ends are there."""

    def __init__(self, plan: Plan) -> None:
        self.plan, self.layout = plan, plan.layout

    def results(self) -> tuple[Path, ...]:
        return tuple(Path(self.layout.result(kind)) for kind in ("runs", "scores"))

    def rows(self, prior: str) -> tuple[Path, ...]:
        return (
            *(Path(self.layout.gathered(kind, prior)) for kind in ("runs", "scores")),
            *self.results(),
        )

    def cells(self, chosen: Callable[[str, str, str], bool]) -> tuple[Path, ...]:
        found: dict[Path, None] = {}
        for dataset, task, prior in self.plan.cells():
            if chosen(dataset, task, prior):
                for chunk in map(str, range(len(self.plan.chunks(dataset, prior)))):
                    found[Path(self.layout.runs(dataset, task, prior, chunk))] = None
                    found[Path(self.layout.scores(dataset, task, prior, chunk))] = None
                found |= dict.fromkeys(self.rows(prior))
        return tuple(found)

    def problems(self, dataset: str, task: str) -> tuple[Path, ...]:
        return self.cells(lambda at, what, _: (at, what) == (dataset, task))

    def training(self, prior: str) -> tuple[Path, ...]:
        tuned = [Path(self.layout.tuned(each, prior)) for each in self.plan.tunings.of_prior(prior)]
        return (
            Path(self.layout.curve(prior)),
            *tuned,
            *self.cells(lambda _, __, name: name == prior),
        )

    def tuning(self, target: str, prior: str) -> tuple[Path, ...]:
        tuned = Path(self.layout.tuned(target, prior))
        later = [
            Path(self.layout.tuned(each, prior))
            for each in self.plan.tunings.of_prior(prior)
            if str(tuned) in self.plan.tunings.inputs(each, prior)
        ]
        cells = self.cells(
            lambda _, task, name: name == prior and target in self.plan.tunings.targets(task, prior)
        )
        return (*later, *cells)

    def images(self, dataset: str) -> tuple[Path, ...]:
        found = [
            Path(self.layout.problems(dataset, task))
            for task in self.plan.tasks
            if dataset in self.plan.test
        ]
        for prior in self.plan.learners:
            if self.plan.prior(prior).train_on == dataset:
                found += [Path(self.layout.training(prior)), *self.training(prior)]
        return (*found, *self.cells(lambda at, _, __: at == dataset))


def _listed(
    manifest: Path, path_of: Callable[[str], str], made: tuple[Path, ...], current: str
) -> Iterator[Checked]:
    """Check the files that a manifest lists, and whether it is the one that would be written now."""
    if not manifest.exists():
        return
    try:
        entries = read_manifest(manifest)
    except ValueError as error:
        yield Checked(manifest, str(error), made)
        return
    yield Checked(manifest, outdated_manifest(manifest, current), made)
    for image, entry in entries.items():
        if entry.outcome.ok:
            yield from _same(Path(path_of(image)), entry.sha256, manifest, *made)


def _model(plan: Plan, prior: str, made: tuple[Path, ...]) -> Iterator[Checked]:
    training = Path(plan.layout.training(prior))
    if not training.exists():
        return
    try:
        about = read_json(training)
        status, digest = about["status"], about["sha256"]
    except (ValueError, KeyError, TypeError) as error:
        yield Checked(training, f"not the record of a fit: {error}", made)
        return
    outdated = outdated_record(training, plan.fingerprints.training(prior))
    yield Checked(training, outdated, made)
    if status == OK:
        yield from _same(Path(plan.layout.model(prior)), digest, training, *made)


def _restored(
    plan: Plan, dataset: str, task: str, prior: str, image: str, made: tuple[Path, ...]
) -> Iterator[Checked]:
    record = Path(plan.layout.restored(dataset, task, prior, f"{image}.json"))
    if not record.exists():
        return
    try:
        digest = read_json(record)["sha256"]
    except (ValueError, KeyError, TypeError) as error:
        yield Checked(record, f"not the record of a restoration: {error}", made)
        return
    yield Checked(record)
    yield from _same(
        Path(plan.layout.restored(dataset, task, prior, f"{image}.png")), digest, record, *made
    )


def _record(path: Path, current: str, made: tuple[Path, ...]) -> Iterator[Checked]:
    """Check a record of a tuning."""
    try:
        yield Checked(path, outdated_record(path, current), made)
    except FileNotFoundError:
        pass
    except ValueError as error:
        yield Checked(path, str(error), made)


def _missing(plan: Plan, made_from: _Downstream) -> Iterator[Checked]:
    """Yield what is not there of what was finished."""
    layout = plan.layout
    for job, file in missing_files(plan):
        # What a manifest, a training or a record lists is checked with its checksum.
        if job[0] == "restore" and not file.with_suffix(".json").exists():
            _, dataset, task, prior, chunk = job
            paths = (layout.runs, layout.scores)
            rows = tuple(Path(path(dataset, task, prior, chunk)) for path in paths)
            yield Checked(file, "missing", (*rows, *made_from.rows(prior)))
    finished = _finished_priors(plan)
    for kind in ("runs", "scores"):
        gathered = [Path(layout.gathered(kind, prior)) for prior in finished]
        # Of all priors there is one table more.
        whole = [Path(layout.result(kind))] if len(finished) == len(plan.priors) else []
        for table in [*gathered, *whole]:
            if not table.exists():
                yield Checked(table, "missing", made_from.results())
    for dataset, task, prior in plan.cells(finished):
        outputs = [layout.images(dataset), layout.problems(dataset, task)]
        outputs += plan.model_files(prior) + plan.tunings.outputs(task, prior)
        for number in range(len(plan.chunks(dataset, prior))):
            outputs += [
                path(dataset, task, prior, str(number)) for path in (layout.runs, layout.scores)
            ]
        for output in map(Path, outputs):
            if not output.exists():
                yield Checked(output, "missing")  # The workflow asks for each by its name.


def _finished_priors(plan: Plan) -> list[str]:
    """Return the priors that the experiment's tables of rows hold, or whose own tables are there."""
    known: set[str] = set()
    with suppress(OSError, ValueError):
        known = set(read_table(Path(plan.layout.result("runs")))["prior"])
    return [
        prior
        for prior in plan.priors
        if prior in known or Path(plan.layout.gathered("runs", prior)).exists()
    ]


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


def _same(path: Path, digest: str, *remove: Path) -> Iterator[Checked]:
    try:
        check_file(path, digest)
        yield Checked(path)
    except StorageError as error:
        yield Checked(path, str(error).partition(";")[0].removeprefix(f"{path} is "), remove)


def _readable(
    path: Path, read: Callable[[Path], object], made: tuple[Path, ...]
) -> Iterator[Checked]:
    try:
        read(path)
        yield Checked(path)
    except FileNotFoundError:
        pass
    except (ValueError, OSError) as error:
        yield Checked(path, str(error), made)
