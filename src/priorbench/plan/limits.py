"""What jobs ask for: their time limits and memory, and whether they need a place in a queue."""

from __future__ import annotations

import math
from functools import cached_property
from typing import TYPE_CHECKING

from priorbench.plan.datasets import DatasetPlan
from priorbench.plan.estimates import JOB_SECONDS
from priorbench.store.cell import Cell
from priorbench.store.chunk import Chunk

if TYPE_CHECKING:
    from priorbench.plan.plan import Plan

MODEL_LOADING_MINUTES = 10
"""Time a job gets to start, import a plugin and load its model."""
DOWNLOAD_MINUTES = 30
"""Time a job gets that may have to download what it needs, and the least of one that scores."""
LONGEST_MINUTES = 1440
"""The most time that a job is given for restorations that run into their time limits."""
PATIENCE = 6
"""How many times longer than expected a job may take at its first attempt."""


class Limits:
    """The limits of a plan's jobs; times are in minutes.

    Args:
        plan: the experiment.
    """

    def __init__(self, plan: Plan) -> None:
        self._plan = plan

    @cached_property
    def is_brief(self) -> bool:
        """Whether all corrupting and scoring is too little work to be worth places in a queue."""
        plan = self._plan
        seconds = JOB_SECONDS * len(plan.test) * len(plan.tasks)
        for chunk in plan.all_chunks():
            seconds += JOB_SECONDS + self._scoring_seconds(plan.dataset(chunk.dataset), len(chunk))
        return seconds <= 60 * plan.experiment.local_minutes

    def expected_seconds(self, cell: Cell) -> float:
        """Return how long each restoration of a cell is expected to take, or its scoring if that
        is longer.
        """
        plan = self._plan
        prior, task, dataset = plan.prior(cell.prior), plan.task(cell.task), cell.dataset
        # A sample is expected to take as long as the estimate.
        draws = 1 + plan.experiment.samples
        restoring = draws * plan.estimates.seconds(prior, [task], plan.dataset(dataset))
        return max(restoring, plan.estimates.scoring_seconds(plan.dataset(dataset)))

    def is_final(self, attempt: int) -> int:
        """Return 1 for the last attempt at a job, else 0."""
        return int(attempt > self._plan.experiment.retries)

    def restoring(self, chunk: Chunk, attempt: int) -> int:
        """Return the limit of a restoring job: several times what it should take.

        A short limit lets a scheduler start the job earlier. No image is lost by it: the next
        attempt goes on, and the last one gets the most.
        """
        each = [len(part.images) * self.expected_seconds(part.cell) for part in chunk.parts]
        patient = PATIENCE * attempt * math.fsum(each) / 60
        draws = 1 + self._plan.experiment.samples
        most = self._plan.prior(chunk.prior).resources.minutes * draws * len(chunk)
        if self.is_final(attempt):
            # Even if some of them run until they are stopped, but no longer than a queue takes.
            limit = min(most, max(patient, LONGEST_MINUTES))
        else:
            limit = min(most, patient)
        return math.ceil(limit + MODEL_LOADING_MINUTES)

    def scoring(self, chunk: Chunk, attempt: int) -> int:
        """Return the limit of a scoring job."""
        dataset = self._plan.dataset(chunk.dataset)
        return self._patient(self._scoring_seconds(dataset, len(chunk)), attempt)

    def data(self, dataset: str, attempt: int) -> int:
        """Return the limit of a job that prepares or corrupts a data set, or downloads it."""
        chosen = self._plan.dataset(dataset)
        return self._patient(self._scoring_seconds(chosen, len(chosen.images)), attempt)

    def training(self, prior: str) -> int:
        """Return the limit of a training job."""
        minutes = self._plan.prior(prior).resources.training_minutes
        return int(minutes + MODEL_LOADING_MINUTES) + 1

    def tuning(self, target: str, prior: str) -> int:
        """Return the limit of a tuning job: that of every restoration and of starting."""
        runs = self._plan.tunings.runs(target, prior)
        minutes = self._plan.prior(prior).resources.minutes * runs
        return int(minutes + MODEL_LOADING_MINUTES) + 1

    def memory(self, prior: str, dataset: str, attempt: int) -> int:
        """Return the memory in MiB of a job, by the largest image; doubled at each attempt."""
        estimates = self._plan.estimates
        largest = estimates.pixels(self._plan.dataset(dataset)).largest
        return estimates.memory(self._plan.prior(prior), largest) << (attempt - 1)

    def _scoring_seconds(self, dataset: DatasetPlan, images: int) -> float:
        return self._plan.estimates.scoring_seconds(dataset) * images

    def _patient(self, seconds: float, attempt: int) -> int:
        return math.ceil(PATIENCE * seconds / 60 + DOWNLOAD_MINUTES) * attempt
