"""The experiment that a prior is tried in: a small part of the default one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from priorbench import shipped
from priorbench.config import Experiment, PluginsSection, parse_experiment, read_yaml
from priorbench.errors import unknown
from priorbench.plugins.registry import PluginError, Registry

BASELINES = ("observed", "nlm", "gmm")
"""What a new prior is compared with: the observation, which any prior has to beat; the strongest
classical denoiser, which has learned nothing; and a mixture that learns in seconds and comes within
half a decibel of the best priors of the default experiment.
"""
COMPONENTS = 10
"""Of the mixture, the most of those in the default experiment that are fitted in seconds."""

TUNING = {"images": 3, "crop": 64}
"""Images that the settings of a denoiser's solver are chosen on; an experiment has 8 of 128."""


@dataclass(frozen=True)
class Trial:
    """What is tried.

    Args:
        prior: the name of a prior.
        parameters: of the prior, where they differ from its defaults.
        tasks: names of tasks; empty for those of the default experiment.
        images: how many of its photographs.
        is_tuned: whether the settings of a denoiser's solver are chosen, unless it brings its own.
        folder: where the results go.
    """

    prior: str
    parameters: Mapping[str, Any]
    tasks: tuple[str, ...]
    images: int
    is_tuned: bool
    folder: Path


def experiment_of(trial: Trial, plugins: PluginsSection, registry: Registry) -> Experiment:
    """Return the experiment of a trial.

    Photographs, tasks, seed and the settings of the baselines are those of the default experiment,
    so that each image has the same score in both. A baseline that is not registered is left out.

    Args:
        trial: what is tried.
        plugins: where plugins come from.
        registry: what they register.

    Raises:
        PluginError: there is no such prior.
        ConfigError: a parameter or the folder's name is wrong.
    """
    if trial.prior not in registry.priors:
        raise PluginError("\n".join([_no_such_prior(trial.prior, registry), *registry.problems]))
    baselines = [name for name in BASELINES if name in registry.priors and name != trial.prior]
    default = read_yaml(shipped.experiments()[shipped.DEFAULT])
    usual = default["priors"]["settings"]
    settings: dict[str, Any] = {name: usual[name] for name in baselines if name in usual}
    if "gmm" in settings:
        parameters = {**usual["gmm"]["parameters"], "n_components": COMPONENTS}
        settings["gmm"] = {**usual["gmm"], "parameters": parameters}
    settings[trial.prior] = {"parameters": dict(trial.parameters)}
    if not trial.is_tuned:
        settings[trial.prior]["tune"] = False
    (test,) = default["test"]
    photographs = default["datasets"][test]
    tasks = list(trial.tasks or default["tasks"]["run"])
    tasks_set = default["tasks"]["settings"]
    data = {
        **default,
        "experiment": trial.folder.name,
        "results": str(trial.folder.parent),
        "plugins": plugins.model_dump(),
        "datasets": {
            **default["datasets"],
            test: {**photographs, "images": photographs["images"][: trial.images]},
        },
        "tasks": {
            "run": tasks,
            "settings": {name: tasks_set[name] for name in tasks if name in tasks_set},
        },
        "priors": {"run": [*baselines, trial.prior], "settings": settings},
        "tuning": TUNING,
        "metrics": ["psnr"],
        "studies": [],
        # One job for each prior.
        "job_minutes": 60,
        "retries": 0,
    }
    return parse_experiment(data, f"the trial of {trial.prior}")


def _no_such_prior(name: str, registry: Registry) -> str:
    """Return what is wrong with a name, and for a task how to try it."""
    if name in registry.tasks:
        example = next(iter(registry.priors), "NAME")
        return (
            f"{name!r} is a task, and a prior is tried: name a prior and the task, for example "
            f"priorbench plugins try {example} --task {name}"
        )
    return unknown("prior", name, registry.priors)
