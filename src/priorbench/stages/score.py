"""Stage ``score``: compare the restorations of a chunk with the clean images and with the
observations.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace
from functools import cached_property, partial
from typing import Any

import numpy as np

from priorbench.data.images import planes, read_image
from priorbench.jobs.evaluation import Evaluation, evaluate, evaluate_of_problem, scoring_seed
from priorbench.jobs.log import say
from priorbench.metrics.fidelity import EXACT, psnr
from priorbench.metrics.protocol import compared
from priorbench.plan import Plan
from priorbench.plugins.registry import Registered
from priorbench.seeds import seeded
from priorbench.specs import MetricSpec
from priorbench.store.cell import Cell
from priorbench.store.files import read_json, read_rows, write_rows
from priorbench.store.manifest import Entry, check_file, read_about, read_manifest
from priorbench.store.status import EXACT_NOTE, Status

COPIED = ("experiment", "dataset", "image", "task", "prior", "source")
"""Columns of a row of runs that its rows of scores have too."""


def score(plan: Plan, cell: Cell, chunk: int | str) -> None:
    """Write one row of ``scores`` for each image and metric of a chunk of restorations.

    A restoration that failed has rows as well, without a value; so has a metric that can't be
    loaded or raises, or that is not defined for the image. One that stopped at its time limit with
    an estimate has rows with a value and the status ``timeout``. The rows of one that
    equals the clean image, though the observation does not determine it, have the note
    :data:`.EXACT_NOTE`.

    Args:
        plan: the experiment.
        cell: data set, task and prior.
        chunk: number of the group of images.

    Raises:
        StorageError: a disk is full, or an image or a problem is not what was made.
    """
    manifest = plan.layout.problems(cell.dataset, cell.task)
    problems, protocol = read_manifest(manifest), read_about(manifest)
    images = read_manifest(plan.layout.images(cell.dataset))
    rows: list[dict[str, Any]] = []
    for run in read_rows(plan.layout.runs(cell, chunk)):
        image = run["image"]
        pair = _Pair(plan, cell, image, problems, protocol)
        # Of a restoration that stopped in time; a fit that ran out of time leaves none.
        is_timeout = run["status"] == Status.TIMEOUT and run["stage"] == "restore"
        has_image = run["status"] == Status.OK or (is_timeout and pair.restored_file.exists())
        unscored = Evaluation(None, run["status"], run["reason"])
        note = ""
        if has_image:
            pair.check(images[image].sha256)
            if pair.is_exact and not pair.is_determined:
                note = EXACT_NOTE
                say(f"{cell}/{image}: the restoration {EXACT_NOTE}")
        for name in plan.metrics:
            evaluation = pair.evaluate(plan.registry.metrics[name]) if has_image else unscored
            # An estimate at the time limit keeps its status beside its value.
            if is_timeout and evaluation.value is not None:
                evaluation = replace(unscored, value=evaluation.value)
            rows.append(
                {key: run[key] for key in COPIED}
                | {"metric": name, **asdict(evaluation)}
                | {"fingerprint": plan.fingerprints.score(cell, name), "note": note}
            )
            value = evaluation.value
            say(f"{cell}/{image}: {name} {evaluation.reason if value is None else f'{value:.4f}'}")
    write_rows(plan.layout.scores(cell, chunk), rows)


class _Pair:
    """A restoration and what it is compared with, each read when a metric asks for it."""

    def __init__(
        self,
        plan: Plan,
        cell: Cell,
        image: str,
        problems: Mapping[str, Entry],
        protocol: Mapping[str, Any],
    ) -> None:
        self.restored_file = plan.layout.restored(cell, f"{image}.png")
        self.clean_file = plan.layout.image(cell.dataset, image)
        self.problem_file = plan.layout.problem(cell.dataset, cell.task, image)
        self._problems, self._image, self.protocol = problems, image, protocol
        self.task = plan.task(cell.task)
        self.fingerprints = plan.fingerprints
        self.seed = partial(scoring_seed, plan.experiment.seed, cell.dataset, cell.task, image)

    def check(self, clean: str) -> None:
        """Refuse to score what is not what was made; ``clean`` is the checksum of the clean image.

        Raises:
            StorageError: a file is missing, cut off or changed.
        """
        check_file(self.restored_file, self.record["sha256"][self.restored_file.name])
        check_file(self.clean_file, clean)
        check_file(self.problem_file, self.problem.sha256)

    @property
    def problem(self) -> Entry:
        """What the manifest says of the problem."""
        return self._problems[self._image]

    @cached_property
    def record(self) -> dict[str, Any]:
        """The record of the restoration."""
        record: dict[str, Any] = read_json(self.restored_file.with_suffix(".json"))
        return record

    @cached_property
    def images(self) -> tuple[np.ndarray, np.ndarray]:
        """The restored and the clean image, H × W × C, as the task's protocol compares them."""
        _, height, width = self.problem.shape
        restored, clean = (
            planes(read_image(file)) for file in (self.restored_file, self.clean_file)
        )
        if restored.shape[:2] != (height, width):
            raise ValueError(
                f"{self.restored_file} is {restored.shape[:2]}, its problem {(height, width)}"
            )
        return compared(restored, clean, self.protocol["border"], self.protocol["luminance"])

    @cached_property
    def is_exact(self) -> bool:
        """Whether the restoration equals the clean image, where the protocol compares them."""
        try:
            return psnr(*self.images) >= EXACT
        except ValueError:  # Of different shapes, or with nothing to compare: the metrics say so.
            return False

    @cached_property
    def is_determined(self) -> bool:
        """Whether the observation tells the whole image: it has no noise, and as many numbers as
        the image.
        """
        from priorbench.problem import Problem

        self.task.entry.load()  # Makes the task's operators known.
        return Problem.load(self.problem_file).is_determined

    def evaluate(self, metric: Registered[MetricSpec]) -> Evaluation:
        """Return the metric's value; one of the problem is known already, unless the metric came or
        changed later.
        """
        name = metric.spec.name
        if metric.spec.of_problem:
            known = self.record.get("measured", {}).get(name, {})
            if known.get("fingerprint") == self.fingerprints.metric(name):
                return Evaluation(known["value"], known["status"], known["reason"])
            return evaluate_of_problem(
                metric, self.task, self.problem_file, self.restored_file, self.seed(name)
            )

        def value() -> Any:
            function = metric.load()
            with seeded(self.seed(name)):
                return function(*self.images)

        return evaluate(value)
