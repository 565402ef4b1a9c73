"""Advice where a restoration does not fit its observation, or a prior can't do a task."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from priorbench.plan import Plan
from priorbench.plan.variants import Variant
from priorbench.priors import Context, Prior
from priorbench.problem import Problem
from priorbench.specs import TaskSpec

MOST = 1.6
"""Residual ‖Hx̂ − y‖² / nσ² that no prior exceeds with the right σ and kernel.

Measured by benchmarks/residual.py.
"""

LEAST = 0.5
"""Residual below which σ is given twice as large as it is, or a prior keeps noise."""

PROBE = 64
"""Side of the corner that a prior is tried on, in pixels."""


def advice(residual: float, parameters: Mapping[str, Any]) -> str:
    """Return which parameter of an observed photograph is probably wrong; empty if none is."""
    sigma = parameters.get("sigma")
    noise = "" if sigma is None else f"sigma is more than {sigma:g}"
    if residual > MOST:
        kernel = "the kernel is another one" if "kernel" in parameters else ""
        causes = " or ".join(filter(None, (noise, kernel))) or "the noise is stronger"
        return f"a residual above {MOST:g}: what was observed is not explained; perhaps {causes}"
    if residual < LEAST:
        high = (
            "the noise is weaker than given" if sigma is None else f"sigma is less than {sigma:g}"
        )
        return f"a residual below {LEAST:g}: {high}, or the prior keeps part of the noise"
    return ""


def able_priors(plan: Plan, task: Variant[TaskSpec], problem: Problem) -> list[str]:
    """Return the ids of the priors without a model that can do a task which has no operator.

    Each is tried on a corner of the problem with no time left: one that iterates stops at once.
    """
    corner = Problem(
        problem.y[..., :PROBE, :PROBE], None, problem.sigma, corruption=problem.corruption
    )
    able = []
    for chosen in plan.priors.values():
        loaded = chosen.entry.load()
        if chosen.spec.learns or not chosen.can_do(task):
            continue
        if not (isinstance(loaded, type) and issubclass(loaded, Prior)):
            continue
        try:
            chosen.build().restore(corner, Context.seeded(0, deadline=time.monotonic()))
        except Exception:
            # Whatever it raises, it does not restore this.
            continue
        able.append(chosen.id)
    return able
