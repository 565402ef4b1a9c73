"""The experiment of a trial is a part of the default one."""

from pathlib import Path
from typing import Any

import pytest

from priorbench.config import ConfigError, Experiment, PluginsSection, load_experiment
from priorbench.plan import Plan
from priorbench.plugins.manager import load_plugins
from priorbench.plugins.registry import PluginError, Registry
from priorbench.trial.experiment import BASELINES, Trial, experiment_of
from priorbench.trial.rounds import rounds

ROOT = Path(__file__).parents[2]
DATASET = "photographs"
PLUGINS = PluginsSection(folders=[str(ROOT / "plugins"), str(ROOT / "docs" / "examples")])


@pytest.fixture
def registry() -> Registry:
    return load_plugins(PLUGINS.folders, strict=True)


def trial(**changes: Any) -> Trial:
    given: dict[str, Any] = {
        "prior": "median",
        "parameters": {},
        "tasks": (),
        "images": 8,
        "is_tuned": True,
        "folder": Path("results/try-median"),
    }
    return Trial(**given | changes)


def made(registry: Registry, **changes: Any) -> Experiment:
    return experiment_of(trial(**changes), PLUGINS, registry)


def test_images_tasks_and_seed_are_those_of_the_default_experiment(registry: Registry) -> None:
    own, default = made(registry), load_experiment(ROOT / "config.yaml")
    assert [DATASET] == own.test == default.test
    assert own.datasets == default.datasets
    assert (own.seed, own.train) == (default.seed, default.train)
    assert own.tasks == default.tasks
    assert own.metrics[0] == default.metrics[0]


def test_the_baselines_are_set_as_in_the_default_experiment(registry: Registry) -> None:
    """So each of their scores is one of the default experiment's too."""
    own, default = Plan(made(registry), registry), Plan(load_experiment(ROOT / "config.yaml"))
    baselines = [prior for prior in own.priors.values() if prior.spec.name in BASELINES]
    assert [prior.spec.name for prior in baselines] == list(BASELINES)
    for prior in baselines:
        assert prior.parameters == default.prior(prior.id).parameters
        assert prior.train_on == default.prior(prior.id).train_on
        assert prior.solver == default.prior(prior.id).solver


def test_only_some_photographs_and_other_tasks(registry: Registry) -> None:
    plan = Plan(made(registry, images=2, tasks=("jpeg", "denoise")), registry)
    assert list(plan.dataset(DATASET).images) == ["camera", "astronaut"]
    assert [task.spec.name for task in plan.tasks.values()] == ["jpeg", "denoise"]
    assert plan.task("denoise-25").parameters == {"sigma": 25}


def test_a_baseline_is_not_compared_with_itself_and_may_be_missing(registry: Registry) -> None:
    assert made(registry, prior="nlm").priors.run == ["observed", "gmm", "nlm"]
    del registry.priors["gmm"]
    assert made(registry).priors.run == ["observed", "nlm", "median"]


def test_each_job_comes_after_what_it_needs(registry: Registry) -> None:
    plan = Plan(made(registry), registry)
    done: set[tuple[str, ...]] = set()

    def needed(stage: str, names: dict[str, str]) -> set[tuple[str, ...]]:
        """The jobs that one has to wait for, each its stage and the values of its options."""
        images = ("prepare", names.get("--dataset", "training"))
        prior = names.get("--prior", "")
        fit = {("train", prior)} if prior and plan.prior(prior).spec.learns else set()
        match stage:
            case "corrupt" | "train":
                return {images}
            case "tune":
                return {images, *fit}
            case "restore-chunk":
                problems = {("corrupt", DATASET, task) for task in plan.tasks}
                tuned = {("tune", each, prior) for each in plan.tunings.of_prior(prior)}
                return {*problems, *fit, *tuned}
            case "score":
                return {("restore-chunk", *names.values())}
            case "gather":
                return {("score", DATASET, prior, "0") for prior in plan.priors}
        return set()

    for each in rounds(plan):
        for job in each.jobs:
            names = dict(zip(job.options[::2], job.options[1::2], strict=True))
            assert needed(job.stage, names) <= done, job
        done |= {(job.stage, *job.options[1::2]) for job in each.jobs}
    assert ("gather",) in done
    assert ("tune", "solver-missing", "median") in done


def test_nothing_is_tuned_if_it_is_not_wanted(registry: Registry) -> None:
    plan = Plan(made(registry, is_tuned=False), registry)
    assert not any(plan.tunings.of_prior(prior) for prior in plan.priors)


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"prior": "medain"}, PluginError, "unknown prior 'medain'; did you mean 'median'?"),
        ({"prior": "inpaint"}, PluginError, "'inpaint' is a task, and a prior is tried: name a"),
        ({"folder": Path("results/a b")}, ConfigError, "the trial of median is not valid"),
    ],
)
def test_what_cannot_be_tried_is_said(
    registry: Registry, changes: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message.replace("?", r"\?")):
        made(registry, **changes)


def test_a_wrong_parameter_or_task_is_said(registry: Registry) -> None:
    for changes, message in (
        ({"prior": "tv", "parameters": {"wieght": 1}}, "did you mean 'weight'"),
        ({"tasks": ("denoize",)}, "did you mean 'denoise'"),
    ):
        with pytest.raises(ConfigError, match=message):
            Plan(made(registry, **changes), registry)
