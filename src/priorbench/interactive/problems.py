"""Problems from images of the user's own: corrupted here, or observed already."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np
import torch

from priorbench.figures.observation import shown_as
from priorbench.interactive.arrays import (
    Form,
    Given,
    ImageArray,
    ImageLike,
    clean_image,
    mask_of,
    observed_image,
)
from priorbench.interactive.names import find_task, lacks_sigma, plan_of
from priorbench.interactive.noise import estimated, is_auto, without_auto
from priorbench.interactive.workspace import ExperimentLike, workspace
from priorbench.problem import Problem
from priorbench.seeds import derive_seed, seeded
from priorbench.tasks import Task
from priorbench.types import Guide, Image, Observation, PixelMask

__all__ = ["ImageProblem", "corrupt", "observe"]


@dataclass(frozen=True)
class ImageProblem(Problem):
    """A problem that knows how its image came in and how its restorations are scored.

    To a prior it is a :class:`priorbench.problem.Problem` like any other: the clean image is not in
    it.

    Args:
        task: id of the task, for example ``denoise-25``.
        border: (rows, columns) cut from each side before a score.
        luminance: whether colour images are scored on their luma.
        form: the kind of array that the image came in, and that its restorations have.
    """

    task: str = ""
    border: tuple[int, int] = (0, 0)
    luminance: bool = False
    form: Form = field(default_factory=Form)

    @property
    def observation(self) -> ImageArray:
        """What was observed, as an image of the kind that came in.

        Missing pixels are 0. What is no image, such as projections, is shown as the plainest image
        that explains it.
        """
        observed, _ = shown_as(self)
        return self.form.give(observed)


@dataclass(frozen=True)
class Posed:
    """A problem, and the part of the clean image that it was made of.

    Args:
        problem: the problem.
        clean: 1 × C × H × W.
    """

    problem: ImageProblem
    clean: Image


def corrupt(
    image: ImageLike,
    task: str | Task,
    *,
    seed: int = 0,
    experiment: ExperimentLike = None,
    **parameters: Any,
) -> ImageProblem:
    """Return the problem y = Hx + n of finding a clean image again after a task has corrupted it.

    The same arguments give the same problem. What is drawn depends on the seed and the task's id,
    not on the image.

    Args:
        image: H × W or H × W × C as an array, or H × W, C × H × W or 1 × C × H × W as a tensor;
            C is 1 or 3. Floats on [0, 1], uint8 or uint16.
        task: name of a task, for example ``"denoise"``, or an id, ``"denoise-25"``;
            :func:`.tasks` lists them. Or a task of one's own, an instance.
        seed: of all that is drawn.
        experiment: whose tasks are meant: an experiment, its file or its folder; by default the
            nearest ``config.yaml``, else the default experiment.
        **parameters: of the task, for example ``sigma=25``, on the 0–255 scale.

    Raises:
        TypeError: the image is no array of numbers, or the task none.
        ValueError: the image, the task or a parameter can't be used; the message says what would
            be right.
    """
    given = clean_image(image)
    chosen = _task(task, parameters, experiment, None)
    drawn = derive_seed(checked_seed(seed), "corrupt", chosen.id)
    return posed(chosen.task, chosen.id, given, drawn).problem


def observe(
    image: ImageLike,
    task: str | Task,
    *,
    mask: ImageLike | None = None,
    guide: ImageLike | None = None,
    experiment: ExperimentLike = None,
    **parameters: Any,
) -> ImageProblem:
    """Return the problem of restoring an image that is corrupted already.

    Args:
        image: what was observed, see :func:`corrupt`; its noise may leave [0, 1].
        task: how it was corrupted, see :func:`corrupt`.
        mask: of a task with missing pixels, H × W: true, or white, where a pixel is known.
        guide: of the task ``denoise-guided``, another image of the scene, of the same size.
        experiment: see :func:`corrupt`.
        **parameters: of the task; the strength of the noise, ``sigma`` on the 0–255 scale, has no
            default. ``sigma="auto"`` estimates it from the image, as the task ``denoise-blind``
            does; the problem's ``sigma`` has the estimate, on [0, 1].

    Raises:
        TypeError: the image is no array of numbers, or the task none.
        ValueError: the image, the task or a parameter can't be used; the message says what would
            be right.
    """
    given = observed_image(image)
    chosen = _task(task, parameters, experiment, given.image)
    known = None if mask is None else mask_of(mask)
    other = None if guide is None else clean_image(guide, "the guide").image
    return observed(chosen.task, chosen.id, given, known, other)


def posed(task: Task, name: str, given: Given, seed: int) -> Posed:
    """Return the problem that a task makes of a clean image.

    Args:
        task: the task.
        name: its id.
        given: the image.
        seed: of all that is drawn, also by code that uses global generators.

    Raises:
        ValueError: the image does not fit the task.
    """
    clean = task.fit(given.image)
    with seeded(seed):
        problem = task.corrupt(clean, torch.Generator().manual_seed(seed))
    return Posed(_image_problem(problem, task, name, given.form), clean)


def observed(
    task: Task,
    name: str,
    given: Given,
    mask: PixelMask | None = None,
    guide: Guide | None = None,
) -> ImageProblem:
    """Return the problem for an observation.

    Args:
        task: the task.
        name: its id.
        given: the observation.
        mask: above 0.5 where a pixel is known; of tasks with missing pixels.
        guide: another image of the scene; of tasks that take one.

    Raises:
        ValueError: the task can't be done from this.
    """
    if guide is not None and not task.guided:
        raise ValueError(f"{name} takes no guide; use the task denoise-guided")
    guides = {} if guide is None else {"guide": guide}
    image: Observation = given.image
    return _image_problem(task.observe(image, mask, **guides), task, name, given.form)


def _image_problem(problem: Problem, task: Task, name: str, form: Form) -> ImageProblem:
    own = {each.name: getattr(problem, each.name) for each in fields(Problem)}
    rows, columns = task.border
    border = (int(rows), int(columns))
    return ImageProblem(**own, task=name, border=border, luminance=bool(task.luminance), form=form)


@dataclass(frozen=True)
class _Chosen:
    """A task with its id."""

    task: Task
    id: str


def _task(
    task: str | Task,
    parameters: Mapping[str, Any],
    experiment: ExperimentLike,
    observation: Observation | None,
) -> _Chosen:
    """Return the task that is meant, of an observation if there is one."""
    if isinstance(task, Task):
        if parameters:
            raise TypeError(f"{type(task).__name__} has its parameters already: give none")
        return _Chosen(task, type(task).__name__)
    if not isinstance(task, str):
        raise TypeError(
            f"a task is a name such as 'denoise', or an instance of priorbench.tasks.Task, "
            f"not of {type(task).__name__}"
        )
    given = {key: _plain(value) for key, value in parameters.items()}
    place = workspace(experiment)
    with place.entered():
        plan, _ = plan_of(place.experiment, [])
        variant = find_task(plan, task, without_auto(given, observation is not None), as_call)
        built = variant.build()
        if observation is None:
            return _Chosen(built, variant.id)
        if is_auto(given) or built.blind:
            variant = estimated(plan, task, given, built, observation, as_call)
            return _Chosen(variant.build(), variant.id)
        if lacks_sigma(plan, variant, task, given):
            raise ValueError(
                "how strong is the noise? Give sigma, on the 0-255 scale (sigma=0 for none), "
                'or sigma="auto"'
            )
        return _Chosen(built, variant.id)


def as_call(task: str, parameters: Mapping[str, str]) -> str:
    """Return how a task is asked for in Python."""
    return ", ".join([repr(task), *(f"{key}={value}" for key, value in parameters.items())])


def _plain(value: Any) -> Any:
    """Return a number of NumPy's or torch's as one of Python's, which a configuration may hold."""
    is_number = isinstance(value, np.generic) or (
        isinstance(value, (np.ndarray, torch.Tensor)) and value.ndim == 0
    )
    return value.item() if is_number else value


def checked_seed(seed: int) -> int:
    """Return a seed.

    Raises:
        ValueError: it is no whole number of at least 0.
    """
    if isinstance(seed, bool) or not isinstance(seed, (int, np.integer)) or seed < 0:
        raise ValueError(f"a seed is a whole number of at least 0, not {seed!r}")
    return int(seed)
