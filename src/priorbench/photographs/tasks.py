"""The task that a request names."""

from __future__ import annotations

from collections.abc import Mapping

from priorbench.interactive.names import find_task, lacks_sigma, task_entry
from priorbench.photographs.request import Request
from priorbench.plan import Plan
from priorbench.plan.variants import Variant
from priorbench.specs import TaskSpec


def task_of(plan: Plan, request: Request) -> Variant[TaskSpec]:
    """Return the task that is asked for, with its parameters.

    Raises:
        ValueError: the task or a parameter is unknown, missing or wrong.
    """
    given = dict(request.parameters)
    fields = task_entry(plan, request.task, as_options).spec.parameters.model_fields
    if request.mask is not None and "mask" in fields:
        given["mask"] = str(request.mask)
    elif request.mask is not None and not request.observed:
        raise ValueError(
            "a mask goes with --observed, or with the task inpaint-mask; this task makes its own"
        )
    task = find_task(plan, request.task, given, as_options)
    if request.observed and lacks_sigma(plan, task, request.task, given):
        raise ValueError("how strong is the noise? Give --sigma, on the 0-255 scale (0 for none)")
    return task


def as_options(task: str, parameters: Mapping[str, str]) -> str:
    """Return how a task is asked for on the command line."""
    options = (f"--{key} {value}" for key, value in parameters.items())
    return " ".join([f"--task {task}", *options])
