"""The names of a planned experiment and the numbers published for it."""

from __future__ import annotations

from typing import Any

from priorbench.plan import Plan
from priorbench.results.catalogue import CATALOGUE_VERSION, Catalogue, family
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


def catalogue_data(plan: Plan) -> dict[str, Any]:
    """Return what the results are of as plain data, for readers without the plugins.

    :func:`priorbench.results.loading.load` reads it.
    """
    return {
        "schema_version": CATALOGUE_VERSION,
        "experiment": plan.experiment.experiment,
        "priors": {
            prior.id: {
                "label": prior.label,
                "name": prior.spec.name,
                "family": family(prior.id),
                "baseline": prior.spec.baseline,
                "reference": prior.spec.reference,
                "summary": prior.spec.summary,
                "parameters": prior.parameters,
            }
            for prior in plan.priors.values()
        },
        "tasks": {
            task.id: {
                "label": task.label,
                "name": task.spec.name,
                "reference": task.spec.reference,
                "summary": task.spec.summary,
                "parameters": task.parameters,
            }
            for task in plan.tasks.values()
        },
        "datasets": {
            name: {
                "images": len(plan.datasets[name].images),
                "name": plan.datasets[name].source.spec.name,
                "reference": plan.datasets[name].source.spec.reference,
                "summary": plan.datasets[name].source.spec.summary,
            }
            for name in plan.test
        },
        "metrics": {
            name: {
                "label": spec.label or name,
                "unit": spec.unit,
                "higher_is_better": spec.higher_is_better,
                "decimals": spec.decimals,
                "target": spec.target,
            }
            for name, spec in plan.metrics.items()
        },
    }
