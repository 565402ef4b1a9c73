"""A task that is checked: built, and given easy images to corrupt."""

from __future__ import annotations

from functools import cached_property

import torch

from priorbench.operators import LinearOperator
from priorbench.problem import Problem
from priorbench.seeds import derive_seed, seed_everything
from priorbench.specs import TaskSpec
from priorbench.tasks import Task
from priorbench.testing.check import CheckFailed, Skipped
from priorbench.testing.easy import SIDE, easy_image
from priorbench.testing.source import Source
from priorbench.types import Image


class TaskSubject:
    """A registered task.

    Args:
        source: where it is registered.
    """

    def __init__(self, source: Source) -> None:
        self.source = self.registered = source

    def __str__(self) -> str:
        return str(self.source)

    @property
    def spec(self) -> TaskSpec:
        """The record."""
        spec: TaskSpec = self.source.entry.spec
        return spec

    @cached_property
    def task(self) -> Task:
        """The task with its parameters.

        Raises:
            Skipped: a parameter has no default and is not given.
            CheckFailed: it is no task.
        """
        built = self.source.entry.load()(**self.source.values().model_dump())
        if not isinstance(built, Task):
            raise CheckFailed(
                f"the factory makes a {type(built).__qualname__}: subclass priorbench.tasks.Task"
            )
        return built

    def clean(self, height: int = SIDE[0], width: int = SIDE[1], channels: int = 1) -> Image:
        """Return the part of an easy image that the task applies to."""
        return self.task.fit(easy_image(height, width, channels))

    def problem(
        self,
        height: int = SIDE[0],
        width: int = SIDE[1],
        channels: int = 1,
        *,
        seed: int = 0,
        global_seed: int = 0,
    ) -> Problem:
        """Return what the task makes of an easy image.

        Args:
            height: rows.
            width: columns.
            channels: 1 or 3.
            seed: of the generator that the task gets.
            global_seed: of all generators that it should not use.
        """
        image = self.clean(height, width, channels)
        generator = torch.Generator().manual_seed(derive_seed(seed, "corrupt"))
        seed_everything(global_seed)
        problem: object = self.task.corrupt(image, generator)
        if not isinstance(problem, Problem):
            raise CheckFailed(
                f"corrupt returns {type(problem).__qualname__}: return a priorbench.problem.Problem"
            )
        return problem

    def operators(self) -> list[LinearOperator]:
        """Return the operators of a gray and of a colour image.

        Raises:
            Skipped: the task has none.
        """
        found = [self.problem(channels=channels).linear_operator for channels in (1, 3)]
        operators = [each for each in found if each is not None]
        if not operators:
            raise Skipped("its problems have no linear operator")
        return operators
