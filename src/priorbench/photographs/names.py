"""The priors and the task of an experiment that a request names."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from priorbench.config import ConfigError, Experiment
from priorbench.errors import unknown
from priorbench.photographs.request import Request
from priorbench.plan import Plan, PriorPlan
from priorbench.plan.variants import Variant, variants
from priorbench.plugins.manager import load_configured
from priorbench.specs import TaskSpec


def plan_of(experiment: Experiment, wanted: Sequence[str]) -> tuple[Plan, list[PriorPlan]]:
    """Return a plan without test sets and studies, and its priors that are wanted.

    A prior that does not learn needs no valid training set.

    Args:
        experiment: its priors are searched.
        wanted: ids, labels or names.

    Raises:
        ConfigError: a prior is unknown or not the only one of its name, or the experiment is not
            valid.
    """
    priors = experiment.priors
    # Tuned parameters belong to the tasks of an experiment.
    settings = {
        name: section.model_copy(update={"tune": False})
        for name, section in priors.settings.items()
    }
    registry = load_configured(experiment.plugins)
    chosen = [
        name
        for name in (registry.priors if priors.run == "all" else priors.run)
        if name not in priors.skip
    ]
    ready = [
        name for name in chosen if name in registry.priors and not registry.priors[name].spec.learns
    ]
    for names in (ready, chosen):
        section = priors.model_copy(update={"run": names, "settings": settings})
        plan = Plan(
            experiment.model_copy(update={"test": [], "studies": [], "priors": section}), registry
        )
        found = [find_prior(plan.priors, name) for name in wanted]
        if None not in found:
            return plan, [prior for prior in found if prior is not None]
    missing = next(name for name, prior in zip(wanted, found, strict=True) if prior is None)
    raise ConfigError(unknown("prior", missing, plan.priors))


def find_prior(priors: Mapping[str, PriorPlan], wanted: str) -> PriorPlan | None:
    """Return the prior with this id, else with this id, label or name in any case, else None.

    Raises:
        ConfigError: several have it.
    """
    if wanted in priors:
        return priors[wanted]
    found = [
        prior
        for prior in priors.values()
        if wanted.casefold() in map(str.casefold, (prior.id, prior.label, prior.spec.name))
    ]
    if len(found) > 1:
        ids = ", ".join(prior.id for prior in found)
        raise ConfigError(f"{wanted!r} may be any of {ids}: name one of them")
    return found[0] if found else None


def find_task(plan: Plan, request: Request) -> Variant[TaskSpec]:
    """Return the task that is asked for, with its parameters.

    Raises:
        ValueError: the task or a parameter is unknown, missing or wrong.
    """
    name, given = request.task, dict(request.parameters)
    entries = plan.registry.tasks
    values: dict[str, Any] = {}
    if name in plan.tasks:
        entry, values = plan.tasks[name].entry, dict(plan.tasks[name].parameters)
    elif name in entries:
        entry = entries[name]
    else:
        message = unknown("task", name, [*entries, *plan.tasks])
        raise ValueError(message + _by_parameters(plan, name))
    fields = entry.spec.parameters.model_fields
    if request.mask is not None and "mask" in fields:
        given["mask"] = str(request.mask)
    elif request.mask is not None and not request.observed:
        raise ValueError(
            "a mask goes with --observed, or with the task inpaint-mask; this task makes its own"
        )
    for key in given:
        if key not in fields:
            raise ValueError(unknown(f"parameter of {entry.spec.name}", key, fields))
    if request.observed and "sigma" in fields and "sigma" not in {*given, *values}:
        raise ValueError("how strong is the noise? Give --sigma, on the 0-255 scale (0 for none)")
    where = f"task {entry.spec.name}"
    found = list(variants(entry, lambda: "", {**values, **given}, where))
    if len(found) != 1:
        raise ValueError(
            f"{where}: a photograph is corrupted once; give one value for each parameter"
        )
    return found[0]


def _by_parameters(plan: Plan, name: str) -> str:
    """Return how to ask for a task whose id is ``name`` but is not in the experiment."""
    for task, entry in plan.registry.tasks.items():
        match = re.fullmatch(re.sub(r"{(\w+)[^}]*}", r"(?P<\1>[^-]+)", entry.spec.id), name)
        if match:
            options = " ".join(f"--{key} {value}" for key, value in match.groupdict().items())
            return f". Name the task with its parameters: --task {task} {options}"
    return ""
