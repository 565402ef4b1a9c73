"""All images of a data set and a task, and what every prior made of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from priorbench.plan import Plan
from priorbench.site.logs import Logs
from priorbench.site.pictures import Shown
from priorbench.store.cell import Cell
from priorbench.store.manifest import read_manifest
from priorbench.store.site_layout import SiteLayout

IN_SITE = SiteLayout()
"""The paths as the page links them."""


@dataclass(frozen=True)
class ImageData:
    """An image of the data set.

    Args:
        name: its name.
        width: of the scene, in pixels; None where there is no problem.
        height: of the scene.
        channels: 1 or 3.
        scene: whether the task cuts the clean image, so that the scene is another picture.
        clean: whether there is a clean image.
        observed: whether there is an observation.
    """

    name: str
    width: int | None
    height: int | None
    channels: int | None
    scene: bool
    clean: bool
    observed: bool


@dataclass(frozen=True)
class PriorData:
    """What a prior made of the images; each list has a value for each of them, in order.

    Args:
        spec: the file that says what was run; None where there is none.
        origin: where its settings come from.
        logs: of the job that each restoration ended in.
        values: by the name of the metric.
        status: how each ended.
        reason: why, where that is not well.
        seconds: by the clock.
        processor_seconds: of all processors.
        environment: ids of the environments.
        has_image: whether there is a restoration.
        has_trace: whether it has a trace.
    """

    spec: str | None
    origin: str
    logs: list[str | None]
    values: Mapping[str, list[float]]
    status: list[str]
    reason: list[str]
    seconds: list[float]
    processor_seconds: list[float]
    environment: list[str]
    has_image: list[bool]
    has_trace: list[bool]


@dataclass(frozen=True)
class CellData:
    """A data set and a task.

    Args:
        images: in order.
        priors: by their ids, those that were run.
    """

    images: list[ImageData]
    priors: Mapping[str, PriorData]


@dataclass(frozen=True)
class Results:
    """What the cells are made from.

    Args:
        plan: the experiment.
        runs: its rows of runs, by data set, task and prior.
        values: its measured scores: image → value, by data set, task, prior and metric.
        origins: where the settings of each cell come from.
        logs: of its jobs.
    """

    plan: Plan
    runs: Mapping[Cell, pd.DataFrame]
    values: Mapping[tuple[Cell, str], Mapping[str, float]]
    origins: Mapping[Cell, str]
    logs: Logs

    @classmethod
    def of(
        cls,
        plan: Plan,
        runs: pd.DataFrame,
        scores: pd.DataFrame,
        origins: Mapping[Cell, str],
        logs: Logs,
    ) -> Results:
        """Return rows of runs and scores as they are looked up."""
        of_cells = {
            Cell(*map(str, names)): own for names, own in runs.groupby(["dataset", "task", "prior"])
        }
        measured = scores[scores["source"] == "measured"]
        values = {
            (Cell(*map(str, names[:3])), str(names[3])): dict(
                zip(own["image"], own["value"], strict=True)
            )
            for names, own in measured.groupby(["dataset", "task", "prior", "metric"])
        }
        return cls(plan, of_cells, values, origins, logs)

    def cell_data(
        self, dataset: str, task: str, clean: Shown, observed: Shown, restored: Mapping[Cell, Shown]
    ) -> CellData:
        """Return the data of a data set and a task.

        Args:
            dataset: id of the data set.
            task: id of the task.
            clean: the pictures of its images.
            observed: those of the observations.
            restored: those of the restorations.
        """
        layout, names = self.plan.layout, list(self.plan.dataset(dataset).images)
        whole = read_manifest(layout.images(dataset))
        problems = read_manifest(layout.problems(dataset, task))
        images = []
        for name in names:
            shape = problems[name].shape if name in problems else ()
            channels, height, width = shape or (None, None, None)
            is_cut = bool(shape) and shape != whole[name].shape
            images.append(
                ImageData(
                    name,
                    width,
                    height,
                    channels,
                    is_cut,
                    name in clean.images,
                    name in observed.images,
                )
            )
        cells = [Cell(dataset, task, prior) for prior in self.plan.priors]
        priors = {
            cell.prior: self._prior_data(cell, names, restored[cell])
            for cell in cells
            if cell in self.runs
        }
        return CellData(images, priors)

    def _prior_data(self, cell: Cell, images: list[str], shown: Shown) -> PriorData:
        # A row that is missing, of a run that was cut off, has nothing.
        rows = self.runs[cell].set_index("image").reindex(images)
        text = rows[["status", "stage", "reason", "environment"]].fillna("")
        spec = IN_SITE.spec(cell).as_posix() if self.plan.layout.cell_spec(cell).exists() else None
        values = {
            metric: [
                self.values.get((cell, metric), {}).get(image, float("nan")) for image in images
            ]
            for metric in self.plan.metrics
        }
        return PriorData(
            spec=spec,
            origin=self.origins.get(cell, ""),
            logs=[
                self.logs.of(cell, image, stage)
                for image, stage in zip(images, text["stage"], strict=True)
            ],
            values=values,
            status=_list(text["status"]),
            reason=_list(text["reason"]),
            seconds=_list(rows["seconds"]),
            processor_seconds=_list(rows["processor_seconds"]),
            environment=_list(text["environment"]),
            has_image=[image in shown.images for image in images],
            has_trace=[image in shown.traces for image in images],
        )


def _list(column: pd.Series[Any]) -> list[Any]:
    return column.tolist()
