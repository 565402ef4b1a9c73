"""The task that a request names."""

from __future__ import annotations

from collections.abc import Mapping

from priorbench.interactive.names import find_task, lacks_sigma, task_entry
from priorbench.interactive.noise import estimated, is_auto, without_auto
from priorbench.photographs.request import Request
from priorbench.plan import Plan
from priorbench.plan.variants import Variant
from priorbench.specs import TaskSpec
from priorbench.tasks import Task
from priorbench.types import Observation


def task_of(plan: Plan, request: Request) -> Variant[TaskSpec]:
    """Return the task that is asked for, with its parameters; σ is 0 where it is estimated later.

    Raises:
        ValueError: the task or a parameter is unknown, missing or wrong.
    """
    given = without_auto(request.parameters, request.observed)
    fields = task_entry(plan, request.task, as_options).spec.parameters.model_fields
    if request.mask is not None and "mask" in fields:
        given["mask"] = str(request.mask)
    elif request.mask is not None and not request.observed:
        raise ValueError(
            "a mask goes with --observed, or with the task inpaint-mask; this task makes its own"
        )
    variant = find_task(plan, request.task, given, as_options)
    if request.observed and lacks_sigma(plan, variant, request.task, given):
        blind: bool = variant.build().blind
        if not blind:
            raise ValueError(
                "how strong is the noise? Give --sigma, on the 0-255 scale (0 for none), or "
                "--sigma auto"
            )
    return variant


def estimates_sigma(request: Request, task: Task) -> bool:
    """Return whether σ of an observed photograph is estimated from it."""
    return request.observed and (is_auto(request.parameters) or task.blind)


def task_for(plan: Plan, request: Request, task: Task, image: Observation) -> Variant[TaskSpec]:
    """Return the task that is asked for with σ as it is seen from a photograph.

    Raises:
        ValueError: it can't be seen there.
    """
    return estimated(plan, request.task, request.parameters, task, image, as_options)


def as_options(task: str, parameters: Mapping[str, str]) -> str:
    """Return how a task is asked for on the command line."""
    options = (f"--{key} {value}" for key, value in parameters.items())
    return " ".join([f"--task {task}", *options])
