"""The tunings of an experiment: their targets, candidates, tasks and files."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from priorbench.config import ConfigError
from priorbench.plan.code import Code
from priorbench.plan.tasks import files_of
from priorbench.plan.tuning import (
    TRAINING_TASKS,
    Candidate,
    regime_of,
    solver_candidates,
    solver_target,
)
from priorbench.plan.variants import Variant, variants
from priorbench.specs import TaskSpec

if TYPE_CHECKING:
    from priorbench.plan.plan import Plan


class Tunings:
    """The tunings of a plan. A target is the id of a task, or ``solver-<regime>``.

    Args:
        plan: the experiment.
        code: of its plugins.
    """

    def __init__(self, plan: Plan, code: Code) -> None:
        self._plan = plan
        self._code = code

    def of_solver(self, task: str, prior: str) -> list[str]:
        """Return the targets of a prior's splitting that its restorations of a task wait for."""
        plan = self._plan
        chosen = plan.prior(prior)
        if not chosen.can_do(plan.task(task)):
            return []
        return [
            solver_target(regime) for regime in plan.regimes(task) if regime in chosen.open_regimes
        ]

    def targets(self, task: str, prior: str) -> list[str]:
        """Return all targets that the restorations of a task wait for: of its splitting, of its
        parameters.
        """
        chosen = self._plan.prior(prior)
        tuned = chosen.candidates and chosen.can_do(self._plan.task(task))
        return [*self.of_solver(task, prior), *([task] if tuned else [])]

    def of_prior(self, prior: str) -> list[str]:
        """Return all targets of a prior."""
        found = [target for task in self._plan.tasks for target in self.targets(task, prior)]
        return list(dict.fromkeys(found))

    def candidates(self, target: str, prior: str) -> tuple[Candidate, ...]:
        """Return what a tuning tries.

        Raises:
            ConfigError: the prior is not tuned for this.
        """
        if target not in self.of_prior(prior):
            raise ConfigError(
                f"the prior {prior} is not tuned for {target}: "
                "set priors.settings.<name>.tune, or name another"
            )
        regime = regime_of(target)
        return solver_candidates(regime) if regime else self._plan.prior(prior).candidates

    def tasks(self, target: str) -> list[Variant[TaskSpec]]:
        """Return the tasks that a tuning looks at: the one that parameters are tuned for, or a
        regime's own.

        Raises:
            ConfigError: a task of the library is not there.
        """
        regime = regime_of(target)
        if regime is None:
            return [self._plan.task(target)]
        found: list[Variant[TaskSpec]] = []
        for task in TRAINING_TASKS[regime]:
            entry = self._plan.registry.tasks.get(task.name)
            if entry is None:
                raise ConfigError(
                    f"solvers are tuned on the task {task.name}, which is not registered: "
                    "set tune: false"
                )
            found += variants(entry, partial(self._code.spec, entry), task.parameters, target)
        return found

    def files(self, target: str) -> list[str]:
        """Return the files that the problems of a tuning are made from."""
        return [file for task in self.tasks(target) for file in files_of(task)]

    def outputs(self, task: str, prior: str) -> list[Path]:
        """Return the files of the tunings that a restoring job waits for: none if the prior isn't
        tuned.
        """
        return [self._plan.layout.tuned(target, prior) for target in self.targets(task, prior)]

    def inputs(self, target: str, prior: str) -> list[Path]:
        """Return the files of the tunings that a tuning waits for: parameters are tuned with the
        chosen solver.
        """
        needed = [] if regime_of(target) else self.of_solver(target, prior)
        return [self._plan.layout.tuned(each, prior) for each in needed]

    def runs(self, target: str, prior: str) -> int:
        """Return how many restorations a tuning takes: of every candidate on every problem."""
        plan = self._plan
        images = len(plan.dataset(plan.prior(prior).tune_on).images)
        problems = min(plan.experiment.tuning.images, images) * len(self.tasks(target))
        return len(self.candidates(target, prior)) * problems
