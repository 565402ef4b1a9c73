"""Estimates, means of samples and samples, measured in both ways."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import pandas as pd

from priorbench.metrics.fidelity import psnr
from priorbench.metrics.patch_distance import SMALLEST, patch_distance
from priorbench.seeds import seeded
from priorbench.studies import Experiment
from priorbench.studies.experiment import Restored
from priorbench.studies.tables import frame

ESTIMATE, MEAN, SAMPLE = "estimate", "mean of samples", "sample"
SAMPLES = 4
"""How many samples of an image are looked at one by one."""


class Row(NamedTuple):
    """One image that a prior gave.

    Args:
        dataset: of the image.
        task: id of the task.
        image: its name.
        prior: id of the prior.
        kind: estimate, mean of samples, or sample.
        psnr: in dB; of samples the mean of several.
        distance: of the patches, in gray levels; of samples the mean of several.
    """

    dataset: str
    task: str
    image: str
    prior: str
    kind: str
    psnr: float
    distance: float


def measure(experiment: Experiment) -> pd.DataFrame:
    """Return a row for each kind of image, of all images that are large enough."""
    rows: list[Row] = []
    for (dataset, task), scores in experiment.by_image("psnr").items():
        for prior in map(str, scores.columns):
            for image, restored in experiment.restored(dataset, task, prior).items():
                if min(restored.clean.shape[:2]) < SMALLEST:
                    continue
                rows += (
                    Row(dataset, task, image, prior, kind, *numbers)
                    for kind, numbers in _kinds(restored)
                )
    return frame(Row, rows)


def _kinds(restored: Restored) -> Iterator[tuple[str, tuple[float, float]]]:
    """Yield each kind of image with its PSNR and its distance."""
    clean, samples = restored.clean, restored.samples
    yield ESTIMATE, _both(restored.estimate, clean)
    if samples is not None:
        yield MEAN, _both(samples.mean(0), clean)
        each = [_both(sample, clean) for sample in samples[:SAMPLES]]
        quality, distance = np.mean(each, axis=0)
        yield SAMPLE, (float(quality), float(distance))


def _both(image: np.ndarray, clean: np.ndarray) -> tuple[float, float]:
    # The directions of the distance are drawn: the same for all images.
    with seeded(0):
        return psnr(image, clean), patch_distance(image, clean)
