"""A prior of the experiment, with all that the configuration says about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from priorbench.plan.tuning import Candidate, SolverOrigin
from priorbench.plan.variants import Variant, validate_parameters
from priorbench.provenance import fingerprint
from priorbench.specs import PriorSpec, Resources, TaskSpec
from priorbench.specs.patterns import fits
from priorbench.specs.solver_settings import Regime, SolverSettings


@dataclass(frozen=True)
class PriorPlan(Variant[PriorSpec]):
    """A prior of the experiment.

    Args:
        train_on: the data set it learns from; empty if it doesn't learn.
        resources: what its jobs ask for.
        restorations_per_job: how many one job does; None: as many as last as long as the
            experiment wants.
        tune_on: the data set that it is tuned on; empty if nothing is tuned.
        candidates: what is tried for each task, a value for every tuned parameter; empty if
            none is tuned.
        solver: settings of the splitting, before any are tuned.
        open_regimes: the regimes in which the settings of the splitting are tuned.
        solver_origins: where the settings in each regime come from.
    """

    train_on: str
    resources: Resources
    restorations_per_job: int | None
    tune_on: str
    candidates: tuple[Candidate, ...]
    solver: SolverSettings
    open_regimes: tuple[Regime, ...]
    solver_origins: Mapping[Regime, SolverOrigin]

    def can_do(self, task: Variant[TaskSpec]) -> bool:
        """Whether one of the prior's patterns fits the task's name or its id."""
        return can_do(self.spec, task)

    def tuned(self, chosen: Candidate) -> PriorPlan:
        """Return this prior with the parameters, and the settings of its splitting, that were
        chosen.

        Raises:
            ConfigError: a value is wrong.
        """
        parameters = validate_parameters(
            self.spec.parameters,
            {**self.parameters, **chosen.parameters},
            f"tuned parameters of {self.id}",
        ).model_dump()
        return replace(
            self,
            parameters=parameters,
            code=lambda: fingerprint([self.fingerprint, dict(chosen.parameters)]),
            solver=chosen.solver.instead_of(self.solver),
        )


def can_do(spec: PriorSpec, task: Variant[TaskSpec]) -> bool:
    """Return whether one of the prior's patterns fits the task's name or its id."""
    return any(fits(names_of(task), pattern) for pattern in spec.tasks)


def names_of(task: Variant[TaskSpec]) -> tuple[str, str]:
    """Return what a pattern may name a task by."""
    return task.spec.name, task.id
