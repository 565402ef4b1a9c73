"""The priors and the task of an experiment that are named."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from priorbench.config import ConfigError, Experiment, PriorSection
from priorbench.errors import unknown
from priorbench.plan import Plan, PriorPlan
from priorbench.plan.variants import Variant, variants
from priorbench.plugins.manager import load_configured
from priorbench.plugins.registry import Registered, Registry
from priorbench.provenance import fingerprint
from priorbench.specs import TaskSpec

Asking = Callable[[str, Mapping[str, str]], str]
"""How a user asks for a task with parameters, in words: ``--task denoise --sigma 25``."""


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
    registry = load_configured(experiment.plugins)
    chosen = _chosen(experiment, registry)
    ready = [
        name for name in chosen if name in registry.priors and not registry.priors[name].spec.learns
    ]
    for names in (ready, chosen):
        plan = _plan(experiment, registry, names)
        found = [find_prior(plan.priors, name) for name in wanted]
        if None not in found:
            return plan, [prior for prior in found if prior is not None]
    missing = next(name for name, prior in zip(wanted, found, strict=True) if prior is None)
    raise ConfigError(unknown("prior", missing, plan.priors))


def all_of(experiment: Experiment) -> Plan:
    """Return the plan of all priors of an experiment, without test sets and studies.

    Raises:
        ConfigError: the experiment is not valid.
    """
    registry = load_configured(experiment.plugins)
    return _plan(experiment, registry, _chosen(experiment, registry))


def prior_with(
    experiment: Experiment, wanted: str, parameters: Mapping[str, Any]
) -> tuple[Plan, PriorPlan]:
    """Return a prior with parameters of the caller's own, and the plan that its model belongs to.

    Where the experiment has this prior with these parameters, it is the experiment's. Otherwise it
    is the only one of an experiment of its own, so that it replaces no model.

    Args:
        experiment: gives the parameters that are not given, and all other settings.
        wanted: id, label or name of a prior.
        parameters: at least one.

    Raises:
        ConfigError: the prior or a parameter is unknown, a value is wrong, or the parameters that
            are not given have several values in the experiment.
    """
    registry = load_configured(experiment.plugins)
    by_name = {name.casefold(): name for name in registry.priors}
    if wanted.casefold() in by_name:
        name = by_name[wanted.casefold()]
        section = experiment.priors.settings.get(name, PriorSection())
        configured = section.parameters
    else:
        _, [prior] = plan_of(experiment, [wanted])
        name, configured = prior.spec.name, prior.parameters
    fields = registry.priors[name].spec.parameters.model_fields
    for key in parameters:
        if key not in fields:
            raise ConfigError(unknown(f"parameter of {name}", key, fields))
    values = {**configured, **parameters}
    own = _experiment_of(experiment, name, values)
    plan = _plan(own, registry, [name])
    if len(plan.priors) != 1:
        ids = ", ".join(plan.priors)
        raise ConfigError(f"{wanted!r} with these parameters may be any of {ids}: give one value")
    [changed] = plan.priors.values()
    usual = _plan(experiment, registry, [name])
    same = usual.priors.get(changed.id)
    if same is not None and same.parameters == changed.parameters:
        return usual, same
    return plan, changed


def _chosen(experiment: Experiment, registry: Registry) -> list[str]:
    """Return the names of the priors that an experiment has."""
    priors = experiment.priors
    names = registry.priors if priors.run == "all" else priors.run
    return [name for name in names if name not in priors.skip]


def _experiment_of(experiment: Experiment, prior: str, values: Mapping[str, Any]) -> Experiment:
    """Return an experiment with a name and a folder of its own for a prior's parameters."""
    section = experiment.priors.settings.get(prior, PriorSection())
    changed = section.model_copy(update={"parameters": dict(values)})
    settings = {**experiment.priors.settings, prior: changed}
    priors = experiment.priors.model_copy(update={"settings": settings})
    name = f"{experiment.experiment}-{prior}-{fingerprint([dict(values)])[:8]}"
    return experiment.model_copy(update={"experiment": name, "priors": priors})


def _plan(experiment: Experiment, registry: Registry, names: Sequence[str]) -> Plan:
    """Return the plan of some priors, without test sets and studies."""
    # Tuned parameters belong to the tasks of an experiment.
    settings = {
        name: section.model_copy(update={"tune": False})
        for name, section in experiment.priors.settings.items()
    }
    section = experiment.priors.model_copy(
        update={"run": list(names), "skip": [], "settings": settings}
    )
    return Plan(
        experiment.model_copy(update={"test": [], "studies": [], "priors": section}), registry
    )


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


def find_task(
    plan: Plan, name: str, parameters: Mapping[str, Any], ask: Asking
) -> Variant[TaskSpec]:
    """Return the task that is asked for, with its parameters.

    Args:
        plan: its tasks are found by their ids, and all that are registered by their names.
        name: an id or a name.
        parameters: those that differ from the id's, or from the defaults.
        ask: how the user asks for a task, for the message of an error.

    Raises:
        ValueError: the task or a parameter is unknown, missing or wrong.
    """
    entry = task_entry(plan, name, ask)
    values = plan.tasks[name].parameters if name in plan.tasks else {}
    fields = entry.spec.parameters.model_fields
    for key in parameters:
        if key not in fields:
            raise ValueError(unknown(f"parameter of {entry.spec.name}", key, fields))
    where = f"task {entry.spec.name}"
    found = list(variants(entry, lambda: "", {**values, **parameters}, where))
    if len(found) != 1:
        raise ValueError(
            f"{where}: a photograph is corrupted once; give one value for each parameter"
        )
    return found[0]


def task_entry(plan: Plan, name: str, ask: Asking) -> Registered[TaskSpec]:
    """Return the spec of the task with an id or a name; see :func:`find_task`.

    Raises:
        ValueError: there is no such task.
    """
    if name in plan.tasks:
        return plan.tasks[name].entry
    entries = plan.registry.tasks
    if name not in entries:
        message = unknown("task", name, [*entries, *plan.tasks])
        raise ValueError(message + _by_parameters(plan, name, ask))
    return entries[name]


def lacks_sigma(plan: Plan, task: Variant[TaskSpec], name: str, given: Mapping[str, Any]) -> bool:
    """Return whether the noise of a task has a strength that neither its id nor the user gives.

    Args:
        plan: its tasks have ids.
        task: the task.
        name: what it was asked for by.
        given: the parameters that were given.
    """
    has_sigma = "sigma" in task.spec.parameters.model_fields
    return has_sigma and name not in plan.tasks and "sigma" not in given


def _by_parameters(plan: Plan, name: str, ask: Asking) -> str:
    """Return how to ask for a task whose id is ``name`` but is not in the experiment."""
    for task, entry in plan.registry.tasks.items():
        match = re.fullmatch(re.sub(r"{(\w+)[^}]*}", r"(?P<\1>[^-]+)", entry.spec.id), name)
        if match:
            asked = ask(task, match.groupdict())
            return f". Name the task with its parameters: {asked}"
    return ""
