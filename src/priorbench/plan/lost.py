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
from pathlib import Path
from typing import TYPE_CHECKING

from priorbench.store.files import read_json, read_rows, write_json

if TYPE_CHECKING:
    from priorbench.plan.plan import Plan

Job = tuple[str, ...]
"""Stage and wildcards, as in the path of its log."""


class Lost:
    """How often files of each job were found missing.

    Args:
        plan: the experiment.
    """

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._file = Path(plan.layout.lost())
        self._times: Counter[str] = Counter()
        with suppress(OSError, ValueError, TypeError):
            self._times.update(read_json(self._file))

    def times(self, *job: str) -> int:
        """Return how often files of a job were missing."""
        return self._times["/".join(job)]

    def look(self) -> list[Path]:
        """Look for missing files, count their jobs, and return them."""
        found = list(missing_files(self._plan))
        for job in dict.fromkeys("/".join(job) for job, _ in found):
            self._times[job] += 1
        return [file for _, file in found]

    def keep(self) -> None:
        """Write the counts, for the jobs of this run and the runs after it."""
        if self._times:
            write_json(self._file, dict(self._times))


def missing_files(plan: Plan) -> Iterator[tuple[Job, Path]]:
    """Yield the files that a finished job has written and that are gone, each with its job.

    Folders are listed; rows and manifests are read only where a listing lacks a file.
    """
    layout = plan.layout
    for dataset in plan.datasets:
        images = [layout.image(dataset, image) for image in plan.dataset(dataset).images]
        yield from _of_manifest(("prepare", dataset), layout.images(dataset), images)
    for dataset in plan.test:
        for task in plan.tasks:
            images = list(plan.dataset(dataset).images)
            problems = [layout.problem(dataset, task, image) for image in images]
            yield from _of_manifest(
                ("corrupt", dataset, task), layout.problems(dataset, task), problems
            )
    for prior in plan.learners:
        model = Path(layout.model(prior))
        if not model.exists() and _status(layout.training(prior)) == "ok":
            yield ("train", prior), model
    for dataset, task, prior in plan.cells():
        yield from _of_cell(plan, dataset, task, prior)


def _of_cell(plan: Plan, dataset: str, task: str, prior: str) -> Iterator[tuple[Job, Path]]:
    """Yield what is missing of the restorations of one prior on one task."""
    layout = plan.layout
    finished = _listing(Path(layout.runs(dataset, task, prior, "0")).parent)
    restored = _listing(Path(layout.restored(dataset, task, prior, "0")).parent)
    for number, images in enumerate(plan.chunks(dataset, prior)):
        chunk = str(number)
        if f"{chunk}.jsonl" not in finished:
            continue
        wanted = {
            name: image
            for image in images
            for name in (f"{image}.png", f"{image}.json")
            if name not in restored
        }
        if wanted:
            # What failed has no image.
            done = _restored_images(Path(layout.runs(dataset, task, prior, chunk)))
            for name, image in wanted.items():
                if image in done:
                    job = ("restore", dataset, task, prior, chunk)
                    yield job, Path(layout.restored(dataset, task, prior, name))


def _of_manifest(job: Job, manifest: str, files: list[str]) -> Iterator[tuple[Job, Path]]:
    if not files or not Path(manifest).exists():
        return
    present = _listing(Path(files[0]).parent)
    absent = [Path(file) for file in files if Path(file).name not in present]
    if not absent:
        return
    try:
        listed = read_json(Path(manifest))["images"]
        made = {image for image, entry in listed.items() if entry["status"] == "ok"}
    except (OSError, ValueError, KeyError, TypeError):
        return  # A damaged manifest is a matter of `priorbench verify`.
    for file in absent:
        if file.stem in made:
            yield job, file


def _restored_images(rows: Path) -> set[str]:
    """Return the images of a job that were restored; none if its rows can't be read."""
    try:
        return {row["image"] for row in read_rows(rows) if row["status"] == "ok"}
    except (OSError, ValueError, KeyError, TypeError):
        return set()


def _status(training: str) -> str:
    try:
        return str(read_json(Path(training))["status"])
    except (OSError, ValueError, KeyError, TypeError):
        return ""


def _listing(folder: Path) -> set[str]:
    with suppress(OSError), os.scandir(folder) as entries:
        return {entry.name for entry in entries}
    return set()
