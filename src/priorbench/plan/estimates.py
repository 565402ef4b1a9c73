"""What a job will take: from earlier experiments where there are any, else by the prior's own
spec.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, TypeAlias

from priorbench.config import DatasetSection
from priorbench.plan.datasets import DatasetPlan
from priorbench.plan.priors import PriorPlan

Origin: TypeAlias = Literal["measured", "spec", "limit"]
USUAL = (481, 321)
"""Size of an image that can't be looked at before it is there."""
SAMPLE = 20
"""Maximum number of files that are read to estimate the sizes of the images."""
SCORING = 4.0
"""Seconds that scoring takes for a megapixel, at least: the job that scores should last no longer
than the other.
"""
LONGEST_MINUTES = 1440
"""The longest time limit that a job may come to."""
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
    """What one prior takes.

    Args:
        seconds_per_megapixel: time of a restoration.
        origin: ``measured`` in earlier experiments, by the prior's ``spec``, or a
            tenth of its time ``limit``.
        training_seconds: time of the fit, None if nobody knows.
    """

    seconds_per_megapixel: float
    origin: Origin
    training_seconds: float | None = None


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
        self._costs = {name: Cost(**value) for name, value in kept.get("priors", {}).items()}

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
            "priors": {name: asdict(value) for name, value in sorted(self._costs.items())},
        }

    def pixels(self, dataset: DatasetPlan) -> Pixels:
        """Return how large the images of a data set are once they are prepared."""
        key = f"{dataset.id} {dataset.fingerprint}"
        if key not in self._pixels:
            counts = [_megapixels(size, dataset.section) for size in _sizes(dataset) or [USUAL]]
            self._pixels[key] = Pixels(math.fsum(counts) / len(counts), max(counts))
        return self._pixels[key]

    def cost(self, prior: PriorPlan) -> Cost:
        """Return what a prior takes."""
        key = cost_key(prior)
        if key not in self._costs:
            self._costs[key] = self._measured_cost(key) or _declared_cost(prior)
        return self._costs[key]

    def seconds(self, prior: PriorPlan, dataset: DatasetPlan) -> float:
        """Return how long the restoration of an image takes."""
        return LEAST + self.cost(prior).seconds_per_megapixel * self.pixels(dataset).mean

    def scoring_seconds(self, dataset: DatasetPlan) -> float:
        """Return how long the scoring of an image takes."""
        return LEAST + SCORING * self.pixels(dataset).mean

    def images_per_job(self, prior: PriorPlan, dataset: DatasetPlan, minutes: float) -> int:
        """Return how many images make a job of this length; what the prior says of itself comes
        first.
        """
        if prior.images_per_job:
            return prior.images_per_job
        seconds = max(self.seconds(prior, dataset), self.scoring_seconds(dataset))
        # At its last attempt a job is given the time limits of all its images: no more than a queue
        # takes.
        most = LONGEST_MINUTES / prior.resources.minutes
        return max(1, int(min(60 * minutes / seconds, most)))

    def memory(self, prior: PriorPlan, largest: float) -> int:
        """Return the memory in MiB that a job takes for images of up to this many megapixels times
        channels.
        """
        return math.ceil(
            prior.resources.memory_mb + prior.resources.memory_mb_per_megapixel * largest
        )

    def _measured_cost(self, key: str) -> Cost | None:
        known = [costs[key] for costs in self._measured if key in costs]
        pixels = math.fsum(entry["megapixels"] for entry in known)
        if not pixels:
            return None
        fits = [entry["training_seconds"] for entry in known if entry["training_seconds"]]
        seconds = math.fsum(entry["seconds"] for entry in known)
        return Cost(seconds / pixels, "measured", max(fits, default=None))

    @cached_property
    def _measured(self) -> list[dict[str, Any]]:
        found = []
        for path in self._files:
            # Those of another experiment: what is not as it should be is passed over.
            with suppress(OSError, ValueError, KeyError, TypeError, AttributeError):
                costs = json.loads(path.read_text(encoding="utf-8")).items()
                names = ("seconds", "megapixels", "training_seconds")
                found.append(
                    {key: {name: float(entry[name] or 0) for name in names} for key, entry in costs}
                )
        return found


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


def _declared_cost(prior: PriorPlan) -> Cost:
    seconds, training = prior.resources.seconds_per_megapixel, prior.resources.training_seconds
    if seconds is not None:
        return Cost(seconds, "spec", training)
    return Cost(6 * prior.resources.minutes / (math.prod(USUAL) / 1e6), "limit", training)


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
