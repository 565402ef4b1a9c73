"""A prior that is checked: built, fitted to a few images, and given problems to restore."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import torch

from priorbench.jobs.attempt import solve
from priorbench.jobs.worker import available_threads, out_of_sight
from priorbench.plan.priors import can_do
from priorbench.plan.variants import Variant, needs_settings, variants
from priorbench.plugins.manager import load_plugins, with_built_in
from priorbench.plugins.registry import Registry
from priorbench.priors import Context, Learned, Restoration
from priorbench.problem import Problem
from priorbench.seeds import derive_seed, seed_everything
from priorbench.solvers import restore
from priorbench.specs import PriorSpec, SolverSettings, SplittingSettings, TaskSpec
from priorbench.store.checkpoints import Checkpoint
from priorbench.store.outcome import Outcome
from priorbench.tasks import Task
from priorbench.testing.answers import fault_of, refusal, where
from priorbench.testing.check import CheckFailed, Skipped
from priorbench.testing.easy import SIDE, easy_image, training_images
from priorbench.testing.settings import settings
from priorbench.testing.source import Source
from priorbench.types import Image

PREFERRED = "denoise"
"""The task of most checks, if the prior can do it."""
FEW = SplittingSettings(steps=3)
QUICK = SolverSettings(missing=FEW, mixed=FEW, mixed_noise_free=FEW, sensed=FEW)
"""Settings for checks that ask whether there is a restoration, not how good it is."""


class PriorSubject:
    """A registered prior, or an object that the caller has made.

    Args:
        source: where it is registered; None for an object.
        given: the object.
        tasks: names of tasks to check an object on; None for all.

    Attributes:
        curve: the training curve of the last fit.
        settings: of the process, before the prior was made.
    """

    def __init__(
        self, source: Source | None, given: object = None, tasks: Sequence[str] | None = None
    ) -> None:
        self.source, self._given = source, given
        self.curve: list[dict[str, float]] = []
        self._only = source.tasks if source else tasks
        if source:
            torch.set_num_threads(available_threads(source.entry.spec.resources.threads))
        self.settings = settings()

    def __str__(self) -> str:
        return str(self.source or f"prior of class {type(self._given).__qualname__}")

    @property
    def spec(self) -> PriorSpec:
        """The record.

        Raises:
            Skipped: an object has none.
        """
        spec: PriorSpec = self.registered.entry.spec
        return spec

    @property
    def registered(self) -> Source:
        """Where the prior is registered.

        Raises:
            Skipped: it is an object.
        """
        if self.source is None:
            raise Skipped("it is an object: give the name of a registered prior")
        return self.source

    @cached_property
    def registry(self) -> Registry:
        """The plugins, among them the tasks."""
        return self.source.registry if self.source else load_plugins(with_built_in(()))

    def build(self, **changes: Any) -> Any:
        """Return a new object, not fitted.

        Args:
            **changes: parameters that replace the subject's.

        Raises:
            Skipped: the subject is an object.
            Exception: whatever its constructor raises.
        """
        source = self.registered
        parameters = source.values(**changes).model_dump()
        seed_everything(derive_seed(0, "build", source.name))
        return source.entry.load()(**parameters)

    @cached_property
    def prior(self) -> Any:
        """The object, fitted if it learns."""
        return self._given if self.source is None else self.fitted()

    def fitted(self, **changes: Any) -> Any:
        """Return a new object, fitted if it learns; see :meth:`build`."""
        built = self.build(**changes)
        if self.spec.learns:
            self.curve = self.fit(built)
        return built

    def fit(
        self,
        prior: Any,
        images: Sequence[Image] | None = None,
        checkpoint: Checkpoint | None = None,
    ) -> list[dict[str, float]]:
        """Fit a prior and return its training curve.

        Args:
            prior: what is fitted.
            images: what it is fitted to; by default :func:`.training_images`.
            checkpoint: where it keeps its state.
        """
        seed = derive_seed(0, "train", str(self))
        seed_everything(seed)
        learned: Learned = self.of_class(Learned, prior)
        context = Context.seeded(seed, checkpoint=checkpoint)
        given = training_images() if images is None else images
        with out_of_sight():
            return [dict(row) for row in learned.fit(given, context)]

    def again(self) -> Any:
        """Return another object with the same model, as another process would have it."""
        if not isinstance(self.prior, Learned):
            return self.build()
        other = self.build()
        other.load_state_dict(
            {name: value.clone() for name, value in self.prior.state_dict().items()}
        )
        return other

    def of_class(self, kind: type, prior: Any = None) -> Any:
        """Return the prior as one of a kind.

        Args:
            kind: for example :class:`priorbench.priors.Denoiser`.
            prior: the object; by default the subject's.

        Raises:
            Skipped: it is of another kind.
        """
        found = self.prior if prior is None else prior
        if not isinstance(found, kind):
            raise Skipped(f"only for a {kind.__name__}")
        return found

    @cached_property
    def tasks(self) -> dict[str, Variant[TaskSpec]]:
        """The registered tasks that have defaults, by name; those that were asked for."""
        found = {}
        for name, entry in self.registry.tasks.items():
            if not needs_settings(entry.spec) and (self._only is None or name in self._only):
                [found[name]] = variants(entry, lambda: "", {}, name)
        return found

    def declares(self, task: str) -> bool:
        """Return whether the record says that the prior can do a task; an object can do all."""
        return self.source is None or can_do(self.spec, self.tasks[task])

    @cached_property
    def main_task(self) -> str:
        """Denoising, if the prior can do it, else the first task that it can.

        Raises:
            Skipped: it can do none.
        """
        declared = [name for name in self.tasks if self.declares(name)]
        if not declared:
            raise Skipped("it declares no task that is registered and has defaults")
        return PREFERRED if PREFERRED in declared else declared[0]

    def clean(self, height: int = SIDE[0], width: int = SIDE[1], channels: int = 1) -> Image:
        """Return the clean image behind :meth:`problem`."""
        task: Task = self.tasks[self.main_task].build()
        return task.fit(easy_image(height, width, channels))

    def problem(
        self, height: int = SIDE[0], width: int = SIDE[1], channels: int = 1, seed: int = 0
    ) -> Problem:
        """Return an easy image as the main task corrupts it."""
        return self.problem_of(self.main_task, easy_image(height, width, channels), seed)

    def problem_of(self, name: str, image: Image, seed: int = 0) -> Problem:
        """Return what a task makes of an image."""
        task: Task = self.tasks[name].build()
        drawn = derive_seed(seed, "corrupt", name)
        seed_everything(drawn)
        return task.corrupt(task.fit(image), torch.Generator().manual_seed(drawn))

    def context(self, *, full: bool = False, **changes: Any) -> Context:
        """Return what the prior gets beside a problem.

        Args:
            full: whether a splitting takes as many steps as in an experiment, or :data:`FEW`.
            **changes: arguments of :meth:`.Context.seeded`.
        """
        solver = (self.spec.solver if self.source else None) or SolverSettings()
        return Context.seeded(0, solver=solver if full else QUICK.over(solver), **changes)

    def restore(self, problem: Problem, prior: Any = None, context: Context | None = None) -> Image:
        """Return the restoration of a problem.

        Args:
            problem: what is restored.
            prior: the object; by default the subject's.
            context: by default :meth:`context`.

        Raises:
            Exception: whatever the prior raises.
        """
        return self.restoration(problem, prior, context).image

    def restoration(
        self, problem: Problem, prior: Any = None, context: Context | None = None
    ) -> Restoration:
        """Return all that a restoration gives back; see :meth:`restore`."""
        chosen = self.prior if prior is None else prior
        seed_everything(0)
        with out_of_sight():
            return restore(chosen, problem, context or self.context())

    def outcome(self, problem: Problem) -> tuple[Outcome, Image | None]:
        """Return how a restoration ends in an experiment, and its image."""
        chosen = self.prior
        try:
            with out_of_sight():
                outcome, result = solve(chosen, problem, self.context(), 0, "restore", 0)
        except Exception as error:
            return Outcome.of_exception(error, "restore"), None
        return outcome, result.image

    def restored(self, problem: Problem, what: str) -> Image:
        """Return a restoration that has to succeed.

        Args:
            problem: what is restored.
            what: the case, in words.

        Raises:
            CheckFailed: it does not.
        """
        outcome, image = self.outcome(problem)
        if not outcome.ok or image is None:
            raise CheckFailed(f"{what}: {outcome.status}: {outcome.reason}{where(outcome)}")
        return image

    def restored_or_refused(self, problem: Problem, what: str, advice: str) -> None:
        """Check that a problem is restored, or refused by a ValueError with a message.

        Args:
            problem: what is restored.
            what: the case, in words.
            advice: what would be right.

        Raises:
            CheckFailed: neither is so.
        """
        found: list[Image] = []
        fault = refusal(lambda: found.append(self.restore(problem)))
        for image in found:
            fault = fault or fault_of(image, problem)
        if fault:
            raise CheckFailed(f"{what}: {fault}: {advice}")
