"""The names of a planned experiment and the numbers published for it."""

from __future__ import annotations

from typing import Any

from priorbench.plan import Plan
from priorbench.results import Catalogue
from priorbench.results.published import published_rows


def catalogue(plan: Plan) -> Catalogue:
    """Return the names that the experiment's results are shown with."""
    return Catalogue(
        priors={prior.id: prior.label for prior in plan.priors.values()},
        tasks={task.id: task.label for task in plan.tasks.values()},
        datasets=tuple(plan.test),
        metrics=plan.metrics,
        baselines=frozenset(prior.id for prior in plan.priors.values() if prior.spec.baseline),
    )


def published(plan: Plan) -> list[dict[str, Any]]:
    """Return the published numbers that the experiment can be compared with."""
    sections = {name: plan.datasets[name].section for name in plan.test}
    return published_rows(plan.experiment.experiment, sections, plan.tasks, plan.metrics)
