"""A sheet for each plugin with priors: one photograph, every task, each of its priors."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from priorbench.data.images import planes, read_image
from priorbench.data.tensors import to_array
from priorbench.photographs.sheet import Cell, contact_sheet
from priorbench.plan import Plan
from priorbench.problem import Problem
from priorbench.results import Results
from priorbench.store.cell import Cell as Place

PHOTOGRAPH = "camera"
"""The photograph of all sheets, with flat regions, edges and fine texture."""

PRIORS = {
    "observed": ("observed",),
    "gmm": ("mvg", "gsm", "gmm-K2", "gmm-K200", "gmm-dead-leaves-K200"),
    "independent": ("ind-pixel", "pca", "ica"),
    "dip": ("dip",),
    "dncnn": ("dncnn",),
    "vae": ("vae", "vae-patch"),
}
"""The priors on the sheet of each plugin, by their ids in the default experiment."""

ENLARGED = 2
"""By how much pixels are enlarged: the photographs of the default experiment are small."""


@dataclass(frozen=True)
class Finished:
    """The results of the default experiment and the plan that they follow."""

    plan: Plan
    results: Results

    def psnr(self, task: str, prior: str) -> float:
        """Return the PSNR in dB of the restored photograph."""
        scores = self.results.scores.set_index(["image", "task", "prior", "metric"])
        return float(scores["value"].loc[PHOTOGRAPH, task, prior, "psnr"])


def sheet(finished: Finished, priors: tuple[str, ...]) -> np.ndarray:
    """Return a row for each task: clean, observed, and restored by each prior with its PSNR."""
    [dataset] = finished.plan.experiment.test
    layout = finished.plan.layout
    rows = []
    for task, variant in finished.plan.tasks.items():
        variant.entry.load()  # Makes the task's operators known.
        problem = Problem.load(layout.problem(dataset, task, PHOTOGRAPH))
        clean = planes(read_image(layout.image(dataset, PHOTOGRAPH)))
        row = [Cell(enlarged(clean), "clean"), Cell(enlarged(to_array(problem.y)), variant.label)]
        for prior in priors:
            file = layout.restored(Place(dataset, task, prior), f"{PHOTOGRAPH}.png")
            label = finished.results.priors["label"][prior]
            caption = f"{label}, {finished.psnr(task, prior):.2f} dB"
            row.append(Cell(enlarged(planes(read_image(file))), caption))
        rows.append(row)
    return contact_sheet(rows)


def enlarged(image: np.ndarray) -> np.ndarray:
    """Return an image, H × W × C, with each pixel as a square."""
    return image.repeat(ENLARGED, axis=0).repeat(ENLARGED, axis=1)


def write(image: np.ndarray, file: Path) -> None:
    """Write an image on [0, 1] as WebP, which is small."""
    file.parent.mkdir(parents=True, exist_ok=True)
    levels = np.rint(np.clip(image, 0, 1) * 255).astype(np.uint8)
    Image.fromarray(levels).save(file, quality=88, method=6)
