"""The site as a whole: pictures, data and last the page, so that it names only what is there."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TypeAlias

import pandas as pd
from joblib import Parallel, delayed

from priorbench.plan import Plan
from priorbench.results.gather import read_table
from priorbench.site.cells import Results
from priorbench.site.experiment import experiment_data
from priorbench.site.files import copy, remove_others, write_data
from priorbench.site.logs import Logs
from priorbench.site.page import Page
from priorbench.site.pictures import CleanImages, Observations, Restorations, Shown
from priorbench.site.scores import origins_of
from priorbench.site.shown import ShownFiles
from priorbench.store.cell import Cell
from priorbench.store.files import write_atomically
from priorbench.store.site_layout import cell_key
from priorbench.store.status import Status

Folder: TypeAlias = CleanImages | Observations | Restorations

PICTURES_OF_A_PROCESS = 100
"""A process takes about as long to start as to make this number of pictures."""


def build(plan: Plan, processes: int = 1, page: Page | None = None) -> Path:
    """Write the site of a finished experiment, and remove what belongs to none of its results.

    The old page is removed first and the new one written last, so a build that breaks off leaves no
    page that shows a part. Pictures of restorations that are as they were are kept.

    Args:
        plan: the experiment.
        processes: how many make pictures at a time, at most; few pictures need no other process.
        page: where the page is made from; None for the library's own.

    Returns:
        the page.

    Raises:
        FileNotFoundError: a table or a figure is not there yet.
        StorageError: a restoration, a problem or an image is not what was made, or a disk is full.
        ValueError: rows or a table can't be read.
    """
    page, layout, site = page or Page(), plan.layout, plan.layout.site()
    runs, scores = read_table(layout.result("runs")), read_table(layout.result("scores"))
    site.page().unlink(missing_ok=True)
    shown = _pictures(plan, runs, processes)
    files: set[Path] = {file for folder in shown.values() for file in folder.files}

    def put(source: Path, target: Path) -> None:
        copy(source, target)
        files.add(target)

    logs, offered = Logs(plan), ShownFiles(plan)
    environments = [layout.environment(name) for name in sorted(set(runs["environment"]))]
    for source in [*offered.copies(), *logs.files, *filter(Path.exists, environments)]:
        put(source, site.copy(source.relative_to(layout.root)))
    for name, source in page.files():
        put(source, site.asset(name))
    restored = {
        folder.cell: found for folder, found in shown.items() if isinstance(folder, Restorations)
    }
    for cell in restored:
        if layout.cell_spec(cell).exists():
            put(layout.cell_spec(cell), site.spec(cell))
    origins = origins_of(plan, runs)
    data = experiment_data(plan, runs, scores, origins, logs, offered)
    write_data(site.data("experiment"), "experiment", data)
    files.add(site.data("experiment"))
    results = Results.of(plan, runs, scores, origins, logs)
    for folder, observed in shown.items():
        if isinstance(folder, Observations):
            clean = shown[CleanImages(layout, folder.dataset)]
            key = cell_key(folder.dataset, folder.task)
            cells = results.cell_data(folder.dataset, folder.task, clean, observed, restored)
            write_data(site.data(key), key, cells)
            files.add(site.data(key))
    remove_others(site.root, files)
    write_atomically(site.page(), page.render(data))
    return site.page()


def _pictures(plan: Plan, runs: pd.DataFrame, processes: int) -> dict[Folder, Shown]:
    """Make the pictures of every folder, several folders at a time."""
    layout, experiment = plan.layout, plan.experiment.model_dump_json()
    folders: list[Folder] = [CleanImages(layout, dataset) for dataset in plan.test]
    folders += [
        Observations(layout, experiment, dataset, task)
        for dataset in plan.test
        for task in plan.tasks
    ]
    for names, own in runs.groupby(["dataset", "task", "prior"]):
        ended = {
            status: tuple(own.loc[own["status"] == status, "image"])
            for status in (Status.OK, Status.TIMEOUT)
        }
        cell = Cell(*map(str, names))
        folders.append(Restorations(layout, cell, ended[Status.OK], ended[Status.TIMEOUT]))
    useful = math.ceil(len(runs) / PICTURES_OF_A_PROCESS)
    parallel = Parallel(n_jobs=max(1, min(processes, useful)))
    made = parallel(delayed(_show)(folder) for folder in folders)
    return dict(zip(folders, made, strict=True))


def _show(folder: Folder) -> Shown:
    return folder.show()
