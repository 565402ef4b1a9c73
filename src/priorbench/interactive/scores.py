"""How good a restoration is, by the protocol of its task."""

from __future__ import annotations

from collections.abc import Sequence
from typing import overload

from priorbench.config import Experiment
from priorbench.data.tensors import to_array
from priorbench.errors import unknown
from priorbench.interactive.arrays import ImageLike, clean_image, observed_image
from priorbench.interactive.problems import ImageProblem
from priorbench.interactive.workspace import ExperimentLike, workspace
from priorbench.metrics.fidelity import psnr
from priorbench.metrics.protocol import compared
from priorbench.plugins.manager import load_configured
from priorbench.plugins.registry import Registered
from priorbench.problem import Problem
from priorbench.seeds import seeded
from priorbench.specs import MetricSpec
from priorbench.types import Image

__all__ = ["score"]


@overload
def score(
    restored: ImageLike,
    clean: ImageLike | None = None,
    *,
    problem: Problem | None = None,
    metric: str = "psnr",
    experiment: ExperimentLike = None,
) -> float: ...
@overload
def score(
    restored: ImageLike,
    clean: ImageLike | None = None,
    *,
    problem: Problem | None = None,
    metric: list[str] | tuple[str, ...],
    experiment: ExperimentLike = None,
) -> dict[str, float]: ...
def score(
    restored: ImageLike,
    clean: ImageLike | None = None,
    *,
    problem: Problem | None = None,
    metric: str | list[str] | tuple[str, ...] = "psnr",
    experiment: ExperimentLike = None,
) -> float | dict[str, float]:
    """Return how good a restoration is: the value of a metric, or of several by their names.

    With its problem the protocol of the task holds, as in the tables: super-resolution, for
    example, is scored on the luma without a border. Without it whole images are compared. Values
    are clipped to [0, 1]. The tables have the same numbers but for the 16 bits of stored images.

    Args:
        restored: an image, see :func:`.corrupt`.
        clean: what it should be; not needed by metrics of the problem alone, such as ``residual``.
        problem: what was restored.
        metric: one name, or several.
        experiment: whose metrics are meant; see :func:`.corrupt`.

    Raises:
        NotApplicable: a metric is not defined for this image or this problem.
        ValueError: a metric is unknown, the images differ in shape, or what a metric needs is
            missing.
    """
    names = [metric] if isinstance(metric, str) else list(metric)
    # The workflow scores what it has written, which is clipped.
    image = observed_image(restored, "the restored image").image.clamp(0, 1)
    truth = None if clean is None else clean_image(clean, "the clean image").image
    place = workspace(experiment)
    with place.entered():
        metrics = _metrics(place.experiment, names)
        values = {name: _value(entry, image, truth, problem) for name, entry in metrics.items()}
    return values[metric] if isinstance(metric, str) else values


def psnr_of(restored: Image, clean: Image, border: tuple[int, int], luminance: bool) -> float:
    """Return the PSNR of an image in dB, clipped to [0, 1], by the protocol of its task.

    Raises:
        ValueError: the border leaves nothing, or the shapes differ.
    """
    shown = to_array(restored.clamp(0, 1))
    return psnr(*compared(shown, to_array(clean), border, luminance))


def _metrics(experiment: Experiment, names: Sequence[str]) -> dict[str, Registered[MetricSpec]]:
    known = load_configured(experiment.plugins).metrics
    for name in names:
        if name not in known:
            raise ValueError(unknown("metric", name, known))
    return {name: known[name] for name in names}


def _value(
    metric: Registered[MetricSpec], restored: Image, clean: Image | None, problem: Problem | None
) -> float:
    """Return the value of one metric."""
    name, function = metric.spec.name, metric.load()
    if metric.spec.of_problem:
        if problem is None:
            raise ValueError(f"{name} compares with the observation: give problem=...")
        _check_shape(restored, problem)
        with seeded(0):
            return float(function(restored, problem.to("cpu")))
    if metric.spec.of_samples:
        raise ValueError(f"{name} is of samples of the posterior, not of one restoration")
    if clean is None:
        raise ValueError(f"{name} compares with the clean image: give it as the second argument")
    border, luminance = (0, 0), False
    if isinstance(problem, ImageProblem):
        _check_shape(restored, problem)
        border, luminance = problem.border, problem.luminance
    elif restored.shape != clean.shape:
        raise ValueError(
            f"the restored image is {_size(restored)} and the clean one {_size(clean)}; "
            "where the task has cut the image, give problem=... as well"
        )
    pair = compared(to_array(restored), to_array(clean), border, luminance)
    with seeded(0):
        return float(function(*pair))


def _check_shape(restored: Image, problem: Problem) -> None:
    if tuple(restored.shape[1:]) != problem.image_shape:
        _, height, width = problem.image_shape
        raise ValueError(
            f"the restored image is {_size(restored)}, and that of the problem "
            f"{height} × {width} × {problem.image_shape[0]}"
        )


def _size(image: Image) -> str:
    _, channels, height, width = image.shape
    return f"{height} × {width} × {channels}"
