"""What a task of the experiment tells of itself."""

from __future__ import annotations

from priorbench.plan.variants import Variant
from priorbench.specs import TaskSpec
from priorbench.specs.solver_settings import REGIMES, Regime


def files_of(task: Variant[TaskSpec]) -> list[str]:
    """Return the files that a task reads."""
    if task.spec.files is None:
        return []
    return [str(path) for path in task.spec.files(task.spec.parameters(**task.parameters))]


def regimes_of(task: Variant[TaskSpec]) -> tuple[Regime, ...]:
    """Return the regimes of a splitting that the problems of a task may be in: all if it does not
    say.
    """
    if task.spec.regimes is None:
        return REGIMES
    return tuple(task.spec.regimes(task.spec.parameters(**task.parameters)))
