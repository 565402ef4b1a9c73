"""The pictures of a trial: a row for each task."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from priorbench.data.export import write_picture
from priorbench.data.images import planes, read_image
from priorbench.data.tensors import to_array
from priorbench.figures.observation import shown_as
from priorbench.photographs import sheet
from priorbench.problem import Problem
from priorbench.store.cell import Cell
from priorbench.store.manifest import read_manifest
from priorbench.trial.outcome import Results


def draw_pictures(results: Results, file: Path) -> bool:
    """Write the first image of each task: clean, corrupted, and restored by each prior.

    Returns:
        Whether there is a picture: not if no image could be corrupted.
    """
    tests = [(dataset, task) for dataset in results.plan.test for task in results.plan.tasks]
    rows = [row for dataset, task in tests if (row := _row(results, dataset, task))]
    if rows:
        write_picture(file, sheet.contact_sheet(rows), bits=8)
    return bool(rows)


def _row(results: Results, dataset: str, task: str) -> list[sheet.Cell]:
    """Return the pictures of a task; none if it could not corrupt any image."""
    plan, names = results.plan, results.names
    entries = read_manifest(plan.layout.problems(dataset, task))
    image = next((name for name, entry in entries.items() if entry.outcome.ok), None)
    if image is None:
        return []
    plan.task(task).entry.load()  # Makes the task's operators known.
    problem = Problem.load(plan.layout.problem(dataset, task, image))
    _, height, width = problem.image_shape
    clean = planes(read_image(plan.layout.image(dataset, image)))[:height, :width]
    row = [
        sheet.Cell(_enlarged(clean), image),
        sheet.Cell(to_array(shown_as(problem)[0]), names.tasks[task]),
    ]
    psnr = results.psnr(task)
    for prior, label in names.priors.items():
        restored = plan.layout.restored(Cell(dataset, task, prior), f"{image}.png")
        if restored.exists():
            decibels = float(psnr[prior][image])
            picture = planes(read_image(restored))
            row.append(sheet.Cell(picture, f"{label}: {decibels:.2f} dB"))
        else:
            row.append(sheet.Cell(np.ones_like(clean), f"{label}: no image"))
    return row


def _enlarged(picture: np.ndarray) -> np.ndarray:
    """Return a picture with its pixels repeated, as large as a cell of the sheet allows."""
    times = max(1, sheet.CELL // max(picture.shape[:2]))
    return picture.repeat(times, axis=0).repeat(times, axis=1)
