"""What a job will take: from earlier experiments where there are any, else by the prior's own
spec.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from statistics import fmean
from typing import Any, Literal, TypeAlias

from priorbench.config import DatasetSection
from priorbench.plan.datasets import DatasetPlan
from priorbench.plan.priors import PriorPlan, names_of
from priorbench.plan.variants import Variant
from priorbench.specs import TaskSpec

Origin: TypeAlias = Literal["measured", "spec", "limit"]
USUAL = (481, 321)
"""Size of an image that can't be looked at before it is there."""
SAMPLE = 20
"""Maximum number of files that are read to estimate the sizes of the images."""
SCORING = 4.0
"""Seconds that scoring takes for a megapixel, at least: the job that scores should last no longer
than the other.
"""
LEAST = 0.05
"""Seconds for an image of any size: files, checks, rows."""
JOB_SECONDS = 8.0
"""What a job takes beside its work: starting Python twice, importing torch, reading the experiment.
"""


@dataclass(frozen=True)
class Pixels:
    """How large the images of a data set are, in megapixels times channels.

    Args:
        mean: of the images that were looked at.
        largest: of them.
    """

    mean: float
    largest: float


@dataclass(frozen=True)
class Cost:
    """What the restorations of one prior on one task take.

    Args:
        seconds_per_megapixel: time of a restoration.
        origin: ``measured`` in earlier experiments, on this task or else on others, by the prior's
            ``spec``, or a tenth of its time ``limit``.
    """

    seconds_per_megapixel: float
    origin: Origin


@dataclass(frozen=True)
class _Measured:
    """What a prior took in an earlier experiment.

    Args:
        seconds: of all restorations, by the key of their task.
        megapixels: of them, times channels.
        training_seconds: of the fit; 0 if there was none.
    """

    seconds: Mapping[str, float]
    megapixels: Mapping[str, float]
    training_seconds: float


class Estimates:
    """Sizes of images and costs of priors, the same for an experiment from its first run on.

    What an experiment was begun with is kept beside its results: if the estimates became better
    meanwhile, its images would be grouped otherwise, and its jobs run again.

    Args:
        kept: what :meth:`keep` has returned in an earlier run; empty in the first.
        measured: the files of costs that earlier experiments have left; read when a prior is
            not among the kept.
    """

    def __init__(self, kept: Mapping[str, Any], measured: Iterable[Path]) -> None:
        self._files = list(measured)
        self._pixels = {name: Pixels(**value) for name, value in kept.get("datasets", {}).items()}
        self._costs = {name: Cost(**value) for name, value in kept.get("restorations", {}).items()}
        self._trainings: dict[str, float | None] = dict(kept.get("trainings", {}))

    @classmethod
    def read(cls, kept: Path, measured: Iterable[Path]) -> Estimates:
        """Return the estimates of an experiment whose kept ones, if any, lie in a file."""
        files = list(measured)
        # An error of the disk is none of these: a job must not group the images otherwise than
        # those before it.
        with suppress(FileNotFoundError, ValueError, TypeError, AttributeError):
            return cls(json.loads(kept.read_text(encoding="utf-8")), files)
        return cls({}, files)

    def keep(self) -> dict[str, Any]:
        """Return everything that was asked for, as plain data."""
        return {
            "datasets": {name: asdict(value) for name, value in sorted(self._pixels.items())},
            "restorations": {name: asdict(value) for name, value in sorted(self._costs.items())},
            "trainings": dict(sorted(self._trainings.items())),
        }

    def pixels(self, dataset: DatasetPlan) -> Pixels:
        """Return how large the images of a data set are once they are prepared."""
        key = f"{dataset.id} {dataset.fingerprint}"
        if key not in self._pixels:
            counts = [_megapixels(size, dataset.section) for size in _sizes(dataset) or [USUAL]]
            self._pixels[key] = Pixels(math.fsum(counts) / len(counts), max(counts))
        return self._pixels[key]

    def cost(self, prior: PriorPlan, task: Variant[TaskSpec]) -> Cost:
        """Return what a prior takes on a task."""
        key = f"{cost_key(prior)} on {task_key(task)}"
        if key not in self._costs:
            self._costs[key] = self._measured_cost(prior, task) or _declared_cost(prior, task)
        return self._costs[key]

    def training_seconds(self, prior: PriorPlan) -> float | None:
        """Return how long the fit of a prior takes, None if nobody knows."""
        key = cost_key(prior)
        if key not in self._trainings:
            known = [each[key].training_seconds for each in self._measured if key in each]
            self._trainings[key] = max(known, default=0.0) or prior.resources.training_seconds
        return self._trainings[key]

    def seconds(
        self, prior: PriorPlan, tasks: Sequence[Variant[TaskSpec]], dataset: DatasetPlan
    ) -> float:
        """Return how long the restoration of an image takes, on average over tasks."""
        costs = [self.cost(prior, task).seconds_per_megapixel for task in tasks]
        return LEAST + fmean(costs) * self.pixels(dataset).mean

    def scoring_seconds(self, dataset: DatasetPlan) -> float:
        """Return how long the scoring of an image takes."""
        return LEAST + SCORING * self.pixels(dataset).mean

    def memory(self, prior: PriorPlan, largest: float) -> int:
        """Return the memory in MiB that a job takes for images of up to this many megapixels times
        channels.
        """
        return math.ceil(
            prior.resources.memory_mb + prior.resources.memory_mb_per_megapixel * largest
        )

    def _measured_cost(self, prior: PriorPlan, task: Variant[TaskSpec]) -> Cost | None:
        """Return what a prior took on the task, else on other tasks, None if it was never run."""
        key, own = cost_key(prior), task_key(task)
        known = [costs[key] for costs in self._measured if key in costs]
        every = {name for each in known for name in each.seconds}
        for tasks in ({own}, every):
            seconds = math.fsum(each.seconds.get(name, 0.0) for each in known for name in tasks)
            pixels = math.fsum(each.megapixels.get(name, 0.0) for each in known for name in tasks)
            if pixels:
                return Cost(seconds / pixels, "measured")
        return None

    @cached_property
    def _measured(self) -> list[dict[str, _Measured]]:
        found = []
        for path in self._files:
            # Those of another experiment: what is not as it should be is passed over.
            with suppress(OSError, ValueError, KeyError, TypeError, AttributeError):
                costs = json.loads(path.read_text(encoding="utf-8")).items()
                found.append({key: _measured(entry) for key, entry in costs})
        return found


def _measured(entry: Mapping[str, Any]) -> _Measured:
    """Return one prior's entry in a file of costs."""
    tasks = entry["tasks"].items()
    return _Measured(
        seconds={task: float(each["seconds"]) for task, each in tasks},
        megapixels={task: float(each["megapixels"]) for task, each in tasks},
        training_seconds=float(entry["training_seconds"] or 0),
    )


def cost_key(prior: PriorPlan) -> str:
    """Return what two experiments must agree in to share what a prior takes: its parameters and
    threads.
    """
    settings = {
        "parameters": prior.parameters,
        "threads": prior.resources.threads,
        "gpus": prior.resources.gpus,
    }
    return f"{prior.spec.name} {json.dumps(settings, sort_keys=True, default=str)}"


def task_key(task: Variant[TaskSpec]) -> str:
    """Return what two experiments must agree in to share what restorations of a task take."""
    return f"{task.spec.name} {json.dumps(task.parameters, sort_keys=True, default=str)}"


def _declared_cost(prior: PriorPlan, task: Variant[TaskSpec]) -> Cost:
    seconds = prior.resources.seconds_on(names_of(task))
    if seconds is not None:
        return Cost(seconds, "spec")
    return Cost(6 * prior.resources.minutes / (math.prod(USUAL) / 1e6), "limit")


def _sizes(dataset: DatasetPlan) -> list[tuple[int, int]]:
    """Return width and height of the images as far as their source knows or their files tell."""
    known = dataset.source.spec.sizes
    if known is not None:
        sizes = known(dataset.parameters)
        return [sizes[image][::-1] for image in dataset.images if image in sizes]
    files = [path for path in dataset.images.values() if path is not None]
    return [size for path in files[:: math.ceil(len(files) / SAMPLE) or 1] if (size := _size(path))]


def _size(path: Path) -> tuple[int, int] | None:
    """Return width and height of an image from its head, None for what is not there or no image."""
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(path) as image:
            return image.size
    except (OSError, UnidentifiedImageError, Image.DecompressionBombError, ValueError):
        return None


def _megapixels(size: tuple[int, int], section: DatasetSection) -> float:
    """Return the megapixels times channels of an image that is cut as a section says."""
    width, height = size
    if section.max_size:
        scale = min(1.0, section.max_size / max(width, height))
        width, height = round(scale * width), round(scale * height)
    if section.crop:
        rows, columns = (
            section.crop if isinstance(section.crop, tuple) else (section.crop, section.crop)
        )
        width, height = min(width, columns), min(height, rows)
    return width * height * (1 if section.gray else 3) / 1e6
