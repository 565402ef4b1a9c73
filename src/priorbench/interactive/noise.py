"""Noise of unknown strength: σ is estimated from what was observed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from priorbench.interactive.names import Asking, find_task
from priorbench.numerics.noise_level import noise_level
from priorbench.plan import Plan
from priorbench.plan.variants import Variant
from priorbench.specs import TaskSpec
from priorbench.tasks import Task
from priorbench.types import Observation

AUTO = "auto"
"""What is given for σ to have it estimated."""


def is_auto(given: Mapping[str, Any]) -> bool:
    """Return whether the parameters of a task ask for an estimate of σ."""
    sigma = given.get("sigma")
    return isinstance(sigma, str) and sigma == AUTO


def without_auto(given: Mapping[str, Any], observed: bool) -> dict[str, Any]:
    """Return the parameters of a task with σ = 0 in place of an estimate that is not made yet.

    Raises:
        ValueError: an estimate is asked for where the noise is added here.
    """
    if not is_auto(given):
        return dict(given)
    if not observed:
        raise ValueError(
            "sigma is auto only for what is observed already: noise that is added here needs a "
            "number, and the task denoise-blind hides it from the prior"
        )
    return {**given, "sigma": 0}


def estimated(
    plan: Plan,
    name: str,
    given: Mapping[str, Any],
    task: Task,
    image: Observation,
    ask: Asking,
) -> Variant[TaskSpec]:
    """Return a task with σ as it is seen from an observation.

    Args:
        plan: see :func:`.find_task`.
        name: id or name of the task.
        given: its other parameters.
        task: the task with any σ.
        image: what was observed.
        ask: see :func:`.find_task`.

    Raises:
        ValueError: pixels are missing, or the image is too small.
    """
    if task.masked:
        raise ValueError(
            f"σ can't be seen where pixels are missing: give {name} a number for sigma"
        )
    # Two decimals are more than the estimate knows, and keep the id short.
    sigma = round(255 * noise_level(image), 2)
    return find_task(plan, name, {**given, "sigma": sigma}, ask)
