"""Whether what was written is still what it was: every file with a checksum, and what else can tell of itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from priorbench.errors import StorageError
from priorbench.files import read_json, read_rows
from priorbench.plan import Plan
from priorbench.results.gather import read_table
from priorbench.stages.manifest import check_file, read_manifest
from priorbench.stages.outcome import OK


@dataclass(frozen=True)
class Damage:
    """A file that is not what was written.

    Args:
        path: the file.
        reason: what is wrong.
        remove: the files without which the next run makes it again.
    """

    path: Path
    reason: str
    remove: tuple[Path, ...]


def damages(plan: Plan) -> Iterator[Damage]:
    """Yield what is damaged, and what writing has left behind of processes that were killed.

    A file that is missing is no damage, unless something that is there says that it was written: Snakemake makes what
    is missing.
    """
    layout = plan.layout
    for dataset in plan.datasets:
        listed = Path(layout.images(dataset))
        yield from _listed(listed, partial(layout.image, dataset))
    for dataset in plan.test:
        for task in plan.tasks:
            listed = Path(layout.problems(dataset, task))
            yield from _listed(listed, partial(layout.problem, dataset, task))
    for prior in plan.learners:
        yield from _model(plan, prior)
    for dataset, task, prior in plan.cells():
        for chunk, images in enumerate(plan.chunks(dataset, prior)):
            runs = Path(layout.runs(dataset, task, prior, str(chunk)))
            for image in images:
                yield from _restored(plan, dataset, task, prior, image, runs)
            for path in (runs, Path(layout.scores(dataset, task, prior, str(chunk)))):
                yield from _readable(path, read_rows)
    for kind in ("runs", "scores"):
        for path in (*(Path(layout.gathered(kind, prior)) for prior in plan.priors), Path(layout.result(kind))):
            yield from _readable(path, read_table)
    for path in sorted(Path(layout.root).rglob(".*.partial")):
        yield Damage(path, "left by a process that was killed while it wrote", (path,))


def remove(damage: Damage) -> None:
    """Remove a damaged file and what stands for it in the workflow."""
    for path in (damage.path, *damage.remove):
        path.unlink(missing_ok=True)


def _listed(manifest: Path, path_of: Callable[[str], str]) -> Iterator[Damage]:
    """Check the files that a manifest lists."""
    if not manifest.exists():
        return
    try:
        entries = read_manifest(manifest)
    except ValueError as error:
        yield Damage(manifest, str(error), ())
        return
    for image, entry in entries.items():
        if entry.outcome.ok:
            yield from _same(Path(path_of(image)), entry.sha256, manifest)


def _model(plan: Plan, prior: str) -> Iterator[Damage]:
    training = Path(plan.layout.training(prior))
    if not training.exists():
        return
    try:
        about = read_json(training)
        status, digest = about["status"], about["sha256"]
    except (ValueError, KeyError, TypeError) as error:
        yield Damage(training, f"not the record of a fit: {error}", ())
        return
    if status == OK:
        yield from _same(Path(plan.layout.model(prior)), digest, training)


def _restored(plan: Plan, dataset: str, task: str, prior: str, image: str, runs: Path) -> Iterator[Damage]:
    record = Path(plan.layout.restored(dataset, task, prior, f"{image}.json"))
    if not record.exists():
        return
    try:
        digest = read_json(record)["sha256"]
    except (ValueError, KeyError, TypeError) as error:
        yield Damage(record, f"not the record of a restoration: {error}", (runs,))
        return
    yield from _same(Path(plan.layout.restored(dataset, task, prior, f"{image}.png")), digest, record, runs)


def _same(path: Path, digest: str, *remove: Path) -> Iterator[Damage]:
    try:
        check_file(path, digest)
    except StorageError as error:
        yield Damage(path, str(error).partition(";")[0].removeprefix(f"{path} is "), remove)


def _readable(path: Path, read: Callable[[Path], object]) -> Iterator[Damage]:
    try:
        read(path)
    except FileNotFoundError:
        pass
    except (ValueError, OSError) as error:
        yield Damage(path, str(error), ())
