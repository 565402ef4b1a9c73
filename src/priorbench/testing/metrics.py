"""Checks of metrics."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cached_property, partial
from typing import Any

import numpy as np
import torch

from priorbench.errors import NotApplicable
from priorbench.problem import Problem
from priorbench.seeds import seed_everything, seeded
from priorbench.specs import MetricSpec
from priorbench.tasks import Denoise
from priorbench.testing.answers import refusal
from priorbench.testing.check import CheckFailed, Skipped, check
from priorbench.testing.easy import easy_image
from priorbench.testing.prior_order import generators
from priorbench.testing.source import Source
from priorbench.types import Image

SIDE = (180, 192)
"""Rows and columns: at least what a measure at several scales needs."""
LITTLE, MUCH = 0.02, 0.15
"""Standard deviations of the errors of a good restoration and of a bad one."""
SIGMA = 25
SAMPLES = 19
"""As many as an interval of 90 % needs."""
TINY, ODD = (2, 3), (181, 193)
TARGET_TOLERANCE = 0.2


class MetricSubject:
    """A registered metric.

    Args:
        source: where it is registered.
    """

    def __init__(self, source: Source) -> None:
        self.source = self.registered = source

    @property
    def spec(self) -> MetricSpec:
        """The record."""
        spec: MetricSpec = self.source.entry.spec
        return spec

    @cached_property
    def function(self) -> Callable[..., Any]:
        """The metric itself."""
        function: Callable[..., Any] = self.source.entry.load()
        return function

    def arguments(
        self, error: float, channels: int = 1, size: tuple[int, int] = SIDE
    ) -> tuple[Any, Any]:
        """Return what the metric gets for a restoration with errors of a standard deviation."""
        clean = easy_image(*size, channels)
        noise = torch.randn(clean.shape, generator=torch.Generator().manual_seed(1))
        restored = clean + error * noise
        if self.spec.of_problem:
            return restored, self.problem(clean)
        if self.spec.of_samples:
            return _samples(clean, error), _array(clean)
        return _array(restored), _array(clean)

    def problem(self, clean: Image) -> Problem:
        """Return a noisy observation of an image."""
        return Denoise(SIGMA).corrupt(clean, torch.Generator().manual_seed(2))

    def value(
        self, error: float, channels: int = 1, size: tuple[int, int] = SIDE, seed: int = 0
    ) -> Any:
        """Return the metric of a restoration with errors of a standard deviation.

        Raises:
            NotApplicable: it is not defined here.
            Exception: whatever the metric raises.
        """
        with seeded(seed):
            return self.function(*self.arguments(error, channels, size))


def _samples(clean: Image, error: float) -> np.ndarray:
    """Return samples as a prior that is not sure gives them, S × H × W × C.

    They lie around an estimate that is as far from the clean image as they are from it.
    """
    generator = torch.Generator().manual_seed(1)
    noise = error * torch.randn(SAMPLES, *clean.shape, generator=generator)
    estimate = clean + error * torch.randn(clean.shape, generator=generator)
    return np.stack([_array(estimate + each) for each in noise])


def _array(image: Image) -> np.ndarray:
    """Return an image as H × W × C, clipped as scores are."""
    array: np.ndarray = image[0].clamp(0, 1).permute(1, 2, 0).numpy()
    return array


@check("loads")
def gives_a_number(subject: MetricSubject) -> None:
    """A gray image and a colour one have a finite value, as one number."""
    for channels in (1, 3):
        what = f"an image of {SIDE[0]} × {SIDE[1]} × {channels}"
        try:
            value = subject.value(LITTLE, channels)
            number = float(value)
        except (NotApplicable, TypeError, ValueError) as error:
            raise CheckFailed(f"{what}: {type(error).__name__}: {error}: return a float") from error
        if not math.isfinite(number):
            raise CheckFailed(f"{what} has the value {number}: return a finite float")


@check("gives_a_number")
def images_untouched(subject: MetricSubject) -> None:
    """The images are the same afterwards as before."""
    restored, other = subject.arguments(LITTLE)
    given = other.y if isinstance(other, Problem) else other
    before = [np.array(restored), np.array(given)]
    with seeded(0):
        subject.function(restored, other)
    if not all(
        np.array_equal(one, two) for one, two in zip(before, (restored, given), strict=True)
    ):
        raise CheckFailed("it changes its arguments, which other metrics get too: copy them")


@check("gives_a_number")
def same_value_again(subject: MetricSubject) -> None:
    """The same images have the same value again."""
    one, other = (float(subject.value(LITTLE)) for _ in range(2))
    if one != other:
        raise CheckFailed(
            f"the same images have the values {one!r} and {other!r}, although random, numpy.random "
            "and torch were seeded alike: draw from these, and keep nothing"
        )


@check("gives_a_number")
def no_generator_seeded(subject: MetricSubject) -> None:
    """No global generator is seeded."""
    arguments = subject.arguments(LITTLE)
    states = []
    for seed in (1, 2):
        seed_everything(seed)
        subject.function(*arguments)
        states.append(generators())
    reseeded = [name for name in states[0] if states[0][name] == states[1][name]]
    if reseeded:
        raise CheckFailed(
            f"it seeds the global generator of {', '.join(reseeded)}: leave it alone; the library "
            "has seeded it"
        )


@check("gives_a_number")
def better_is_better(subject: MetricSubject) -> None:
    """The clean image has the best value, and smaller errors have a better one than larger ones."""
    higher = subject.spec.higher_is_better
    if higher is None:
        raise Skipped("it is a diagnosis without a best")
    values = [float(subject.value(error)) for error in (0.0, LITTLE, MUCH)]
    ordered = sorted(values, reverse=higher)
    if values != ordered or values[0] == values[2]:
        words = ", ".join(f"{value:.5g}" for value in values)
        raise CheckFailed(
            f"errors of 0, {LITTLE:g} and {MUCH:g} have the values {words}, and higher_is_better "
            f"is {higher}: correct the direction in the record, or the metric"
        )


@check("gives_a_number")
def target_of_clean_images(subject: MetricSubject) -> None:
    """The clean image has the record's ``target``."""
    target = subject.spec.target
    if target is None:
        raise Skipped("its record names no target")
    # Samples that agree with each other claim to be sure of what they are right in.
    value = float(subject.value(LITTLE if subject.spec.of_samples else 0.0))
    if not math.isclose(value, target, rel_tol=TARGET_TOLERANCE, abs_tol=TARGET_TOLERANCE):
        raise CheckFailed(
            f"the clean image has {value:.4g}, and the record's target is {target:g}: figures draw "
            "a line there"
        )


@check("gives_a_number")
def every_size(subject: MetricSubject) -> None:
    """Images of odd and tiny sizes have a value, or are refused clearly."""
    for size in (ODD, TINY):
        fault = refusal(partial(subject.value, LITTLE, size=size))
        if fault:
            raise CheckFailed(
                f"an image of {size[0]} × {size[1]}: {fault}: raise priorbench.NotApplicable and "
                "say what size is needed"
            )


@check("gives_a_number")
def nan_has_no_value(subject: MetricSubject) -> None:
    """A restoration of NaN has an error or NaN, never a value that looks like any other."""
    restored, other = subject.arguments(LITTLE)
    restored[:] = float("nan")
    try:
        with seeded(0):
            value = float(subject.function(restored, other))
    except Exception as error:
        if not str(error).strip():
            raise CheckFailed(f"it raises {type(error).__name__} without a message") from None
        return
    if math.isfinite(value):
        raise CheckFailed(
            f"a restoration that is NaN everywhere has the value {value:.4g}: raise ValueError, or "
            "let NaN through"
        )


@check("gives_a_number")
def other_shapes_refused(subject: MetricSubject) -> None:
    """Images of different sizes can't be compared."""
    if subject.spec.of_problem:
        raise Skipped("it gets a problem, which knows its size")
    restored, clean = subject.arguments(LITTLE)
    try:
        with seeded(0):
            value = float(subject.function(restored[..., :1, :, :], clean))
    except Exception:
        return
    if math.isfinite(value):
        raise CheckFailed(
            f"one row of an image, compared with all of it, has the value {value:.4g}: raise "
            "ValueError where the shapes differ; numpy would repeat the row"
        )


METRICS = (
    gives_a_number,
    images_untouched,
    same_value_again,
    no_generator_seeded,
    better_is_better,
    target_of_clean_images,
    every_size,
    nan_has_no_value,
    other_shapes_refused,
)
