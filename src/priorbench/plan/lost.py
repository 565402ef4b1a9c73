"""Files of finished jobs that have been deleted since.

Snakemake watches the outputs of rules: the list of a job's images, not the images. A job whose
images are gone is made to run again by a parameter of its rule, the number of times that this was
found: it changes once when they are missed, and not once more when they are there again.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from priorbench.store.cell import Cell, cell_of
from priorbench.store.chunk import Chunk
from priorbench.store.files import read_json, read_rows, write_json
from priorbench.store.status import Status

if TYPE_CHECKING:
    from priorbench.plan.plan import Plan


class Lost:
    """How often files of each job were found missing.

    Args:
        plan: the experiment.
    """

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._file = plan.layout.lost()
        self._times: Counter[str] = Counter()
        with suppress(OSError, ValueError, TypeError):
            self._times.update(read_json(self._file))

    def times(self, *job: object) -> int:
        """Return how often files of a job were missing; it is named as in its log's path."""
        return self._times["/".join(map(str, job))]

    def look(self) -> list[Path]:
        """Look for missing files, count their jobs, and return them."""
        found = list(missing_files(self._plan))
        for job in dict.fromkeys(missing.job for missing in found):
            self._times[job] += 1
        return [missing.file for missing in found]

    def keep(self) -> None:
        """Write the counts, for the jobs of this run and the runs after it."""
        if self._times:
            write_json(self._file, dict(self._times))


@dataclass(frozen=True)
class Missing:
    """A file of a finished job that is gone.

    Args:
        job: stage and wildcards, as in the path of the job's log.
        file: the file.
        chunk: the job that restored it; None for any other file.
    """

    job: str
    file: Path
    chunk: Chunk | None = None


def missing_files(plan: Plan) -> Iterator[Missing]:
    """Yield the files that a finished job has written and that are gone.

    Folders are listed; rows and manifests are read only where a listing lacks a file.
    """
    layout = plan.layout
    for dataset in plan.datasets:
        files = [layout.image(dataset, image) for image in plan.dataset(dataset).images]
        yield from _of_manifest(f"prepare/{dataset}", layout.images(dataset), files)
    for dataset in plan.test:
        for task in plan.tasks:
            images = plan.dataset(dataset).images
            problems = [layout.problem(dataset, task, image) for image in images]
            yield from _of_manifest(
                f"corrupt/{dataset}/{task}", layout.problems(dataset, task), problems
            )
    for prior in plan.learners:
        model = layout.model(prior)
        if not model.exists() and _status(layout.training(prior)) == Status.OK:
            yield Missing(f"train/{prior}", model)
    yield from _of_restorations(plan)


def _of_restorations(plan: Plan) -> Iterator[Missing]:
    """Yield what is missing of the restorations of finished jobs."""
    layout = plan.layout
    listed = cache(_listing)
    for chunk in plan.all_chunks():
        runs = layout.runs(chunk)
        if runs.name not in listed(runs.parent):
            continue
        wanted = [
            (file, cell, image)
            for cell, image in chunk.restorations()
            for file in _files_of(plan, cell, image)
            if file.name not in listed(file.parent)
        ]
        if wanted:
            # What failed has no image.
            done = _restored(runs)
            for file, cell, image in wanted:
                if (cell, image) in done:
                    yield Missing(f"restore/{chunk}", file, chunk)


def _files_of(plan: Plan, cell: Cell, image: str) -> Iterator[Path]:
    """Yield the files that every finished restoration has."""
    for suffix in (".png", ".json"):
        yield plan.layout.restored(cell, f"{image}{suffix}")
    if plan.experiment.samples:
        # It says whether there is a file of samples.
        yield plan.layout.samples_record(cell, image)


def _of_manifest(job: str, manifest: Path, files: list[Path]) -> Iterator[Missing]:
    if not files or not manifest.exists():
        return
    present = _listing(files[0].parent)
    absent = [file for file in files if file.name not in present]
    if not absent:
        return
    try:
        listed = read_json(manifest)["images"]
        made = {image for image, entry in listed.items() if entry["status"] == Status.OK}
    except (OSError, ValueError, KeyError, TypeError):
        return  # A damaged manifest is a matter of `priorbench verify`.
    for file in absent:
        if file.stem in made:
            yield Missing(job, file)


def _restored(runs: Path) -> set[tuple[Cell, str]]:
    """Return each restoration of a job that was done; none if its rows can't be read."""
    try:
        return {
            (cell_of(row), row["image"]) for row in read_rows(runs) if row["status"] == Status.OK
        }
    except (OSError, ValueError, KeyError, TypeError):
        return set()


def _status(training: Path) -> str:
    try:
        return str(read_json(training)["status"])
    except (OSError, ValueError, KeyError, TypeError):
        return ""


def _listing(folder: Path) -> set[str]:
    with suppress(OSError), os.scandir(folder) as entries:
        return {entry.name for entry in entries}
    return set()
