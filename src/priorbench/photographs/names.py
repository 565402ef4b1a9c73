"""Which prior and which task of an experiment a person means, without all the rest of the experiment."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from priorbench.config import ConfigError, Experiment
from priorbench.errors import unknown
from priorbench.plan import Plan, PriorPlan
from priorbench.plan.variants import Variant, variants
from priorbench.specs import TaskSpec


def plan_of(experiment: Experiment, wanted: Sequence[str]) -> tuple[Plan, list[PriorPlan]]:
    """Return a plan without test sets and studies, and its priors that are wanted, by id, label or name.

    A prior that does not learn is found though the training set is no valid one.

    Raises:
        ConfigError: a prior is unknown or not the only one of its name, or the experiment is not valid.
    """
    priors = experiment.priors
    # Tuned parameters belong to the tasks of an experiment.
    settings = {
        name: section.model_copy(update={"tune": False})
        for name, section in priors.settings.items()
    }
    bare = experiment.model_copy(
        update={
            "test": [],
            "studies": [],
            "priors": priors.model_copy(update={"run": [], "settings": {}, "skip": []}),
        }
    )
    first = Plan(bare)
    registered = first.registry.priors
    chosen = [
        name
        for name in (registered if priors.run == "all" else priors.run)
        if name not in priors.skip
    ]
    ready = [name for name in chosen if name in registered and not registered[name].spec.learns]
    for names in (ready, chosen):
        section = priors.model_copy(update={"run": names, "settings": settings})
        plan = Plan(bare.model_copy(update={"priors": section}), first.registry)
        found = [find_prior(plan.priors, name) for name in wanted]
        if None not in found:
            return plan, [prior for prior in found if prior is not None]
    missing = next(name for name, prior in zip(wanted, found, strict=True) if prior is None)
    raise ConfigError(unknown("prior", missing, plan.priors))


def find_prior(priors: Mapping[str, PriorPlan], wanted: str) -> PriorPlan | None:
    """Return the prior with this id, else with this id, label or name whatever its case; None if there is none.

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


def find_task(
    plan: Plan, name: str, parameters: Mapping[str, Any], observed: bool
) -> Variant[TaskSpec]:
    """Return the task of this name or id, with these parameters.

    Raises:
        ValueError: the task or a parameter is unknown, missing or wrong.
    """
    entries = plan.registry.tasks
    values: dict[str, Any] = {}
    if name in plan.tasks:
        entry, values = plan.tasks[name].entry, dict(plan.tasks[name].parameters)
    elif name in entries:
        entry = entries[name]
    else:
        raise ValueError(
            unknown("task", name, [*entries, *plan.tasks]) + _by_parameters(plan, name)
        )
    model = entry.spec.parameters
    for key in parameters:
        if key not in model.model_fields:
            raise ValueError(unknown(f"parameter of {entry.spec.name}", key, model.model_fields))
    if observed and "sigma" in model.model_fields and "sigma" not in {*parameters, *values}:
        raise ValueError("how strong is the noise? Give --sigma, on the 0-255 scale (0 for none)")
    where = f"task {entry.spec.name}"
    found = list(variants(entry, "", {**values, **parameters}, where))
    if len(found) != 1:
        raise ValueError(
            f"{where}: a photograph is corrupted once; give one value for each parameter"
        )
    return found[0]


def _by_parameters(plan: Plan, name: str) -> str:
    """Return how to ask for the task whose id ``name`` would be, had the experiment these parameters; else nothing."""
    for task, entry in plan.registry.tasks.items():
        match = re.fullmatch(re.sub(r"{(\w+)[^}]*}", r"(?P<\1>[^-]+)", entry.spec.id), name)
        if match:
            options = " ".join(f"--{key} {value}" for key, value in match.groupdict().items())
            return f". Name the task with its parameters: --task {task} {options}"
    return ""
