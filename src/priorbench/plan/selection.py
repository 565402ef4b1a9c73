"""What an experiment's configuration selects of the registered plugins, checked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Any, Literal, TypeVar

from priorbench.config import (
    ConfigError,
    DatasetSection,
    Experiment,
    PriorSection,
    TaskSection,
)
from priorbench.errors import unknown
from priorbench.plan.code import Code
from priorbench.plan.datasets import DatasetPlan, plan_dataset
from priorbench.plan.leaks import leak
from priorbench.plan.priors import PriorPlan, can_do
from priorbench.plan.studies import StudyPlan
from priorbench.plan.tasks import regimes_of
from priorbench.plan.tuning import (
    open_regimes,
    parameter_candidates,
    regime_of,
    solver_origins,
)
from priorbench.plan.variants import Variant, needs_settings, variants
from priorbench.plugins.registry import Registered, Registry
from priorbench.specs import MetricSpec, PriorSpec, Spec, TaskSpec
from priorbench.specs.patterns import matching
from priorbench.specs.solver_settings import Regime, SolverSettings

R = TypeVar("R", bound=Spec)


class Selection:
    """The tasks, data sets, priors, metrics and studies of an experiment, by their ids.

    Args:
        experiment: the configuration.
        registry: the plugins.
        code: fingerprints of the code behind specs.

    Raises:
        ConfigError: the configuration names something that isn't registered, or doesn't fit
            together.
    """

    def __init__(self, experiment: Experiment, registry: Registry, code: Code) -> None:
        self._experiment, self._registry, self._code = experiment, registry, code
        self.tasks = self._tasks()
        self.datasets: dict[str, DatasetPlan] = {}
        for dataset in experiment.test:
            self._add_dataset(dataset, "test")
        self.priors = self._priors()
        self.metrics = self._metrics()
        self.studies = self._studies()
        self._check_disjoint()

    def _tasks(self) -> dict[str, Variant[TaskSpec]]:
        section = self._experiment.tasks
        chosen = self._chosen(
            "task", self._registry.tasks, section.run, section.skip, section.settings
        )
        tasks: dict[str, Variant[TaskSpec]] = {}
        for name, entry in chosen.items():
            settings = section.settings.get(name, TaskSection())
            if section.run == "all" and name not in section.settings and needs_settings(entry.spec):
                continue
            for variant in variants(
                entry,
                partial(self._code.spec, entry),
                settings.parameters,
                f"tasks.settings.{name}.parameters",
            ):
                if regime_of(variant.id):
                    raise ConfigError(
                        f"the id {variant.id!r} of a task is that of a tuning: rename it"
                    )
                _add("task", variant, tasks)
        return tasks

    def _metrics(self) -> dict[str, MetricSpec]:
        experiment = self._experiment
        chosen = self._chosen("metric", self._registry.metrics, experiment.metrics)
        metrics = {name: entry.spec for name, entry in chosen.items()}
        if experiment.metrics == "all":
            return {
                name: spec
                for name, spec in metrics.items()
                if not spec.optional and (experiment.samples or not spec.of_samples)
            }
        of_samples = [name for name, spec in metrics.items() if spec.of_samples]
        if of_samples and not experiment.samples:
            raise ConfigError(
                f"metrics: {of_samples[0]} is of samples of the posterior, and the experiment has "
                "none: set 'samples'"
            )
        return metrics

    def _priors(self) -> dict[str, PriorPlan]:
        section = self._experiment.priors
        chosen = self._chosen(
            "prior", self._registry.priors, section.run, section.skip, section.settings
        )
        priors: dict[str, PriorPlan] = {}
        for name, entry in chosen.items():
            settings = section.settings.get(name, PriorSection())
            if section.run == "all" and name not in section.settings and needs_settings(entry.spec):
                continue
            train_on = self._train_on(entry.spec, settings)
            tune_on = self._tune_on(entry.spec, settings, train_on)
            regimes = self._open_regimes(entry.spec, settings) if tune_on else ()
            changes = settings.resources.model_dump(exclude_none=True)
            per_job = settings.restorations_per_job or entry.spec.restorations_per_job
            for variant in variants(
                entry,
                partial(self._code.spec, entry),
                settings.parameters,
                f"priors.settings.{name}.parameters",
            ):
                prior = PriorPlan(
                    id=variant.id,
                    label=variant.label,
                    entry=variant.entry,
                    parameters=variant.parameters,
                    code=variant.code,
                    train_on=train_on,
                    resources=entry.spec.resources.model_copy(update=changes),
                    restorations_per_job=per_job,
                    tune_on=tune_on,
                    candidates=parameter_candidates(entry.spec, settings, variant.parameters)
                    if settings.tune
                    else (),
                    solver=settings.solver.over(entry.spec.solver or SolverSettings()),
                    open_regimes=regimes,
                    solver_origins=solver_origins(entry.spec, settings, regimes),
                )
                _add("prior", prior, priors)
        return priors

    def _train_on(self, spec: PriorSpec, settings: PriorSection) -> str:
        """Return the data set that a prior learns from, made known to the plan."""
        if not spec.learns:
            if settings.train_on:
                raise ConfigError(
                    f"priors.settings.{spec.name}.train_on: {spec.name} does not learn"
                )
            return ""
        dataset = settings.train_on or spec.train_on or self._experiment.train
        if not dataset:
            raise ConfigError(
                f"the prior {spec.name} learns: name a data set under 'train', or skip the prior"
            )
        self._add_dataset(dataset, f"the training set of {spec.name}")
        return dataset

    def _tune_on(self, spec: PriorSpec, settings: PriorSection, train_on: str) -> str:
        """Return the data set that a prior is tuned on, made known to the plan; empty if nothing is
        tuned.
        """
        if not settings.tune and not self._open_regimes(spec, settings):
            return ""
        dataset = train_on or self._experiment.train
        if not dataset:
            if settings.tune:
                raise ConfigError(
                    f"priors.settings.{spec.name}.tune: name a data set under 'train' to tune it on"
                )
            return ""
        self._add_dataset(dataset, f"the training set of {spec.name}")
        if settings.tune is None and any(
            leak(self.datasets[tested], self.datasets[dataset]) for tested in self._experiment.test
        ):
            return ""
        return dataset

    def _open_regimes(self, spec: PriorSpec, settings: PriorSection) -> tuple[Regime, ...]:
        """Return the regimes in which the prior's splitting is tuned, as far as its tasks need
        them.
        """
        needed = {
            regime
            for task in self.tasks.values()
            if can_do(spec, task)
            for regime in regimes_of(task)
        }
        return tuple(regime for regime in open_regimes(spec, settings) if regime in needed)

    def _studies(self) -> dict[str, StudyPlan]:
        chosen = self._chosen("study", self._registry.studies, self._experiment.studies)
        studies: dict[str, StudyPlan] = {}
        for name, entry in chosen.items():
            spec = entry.spec
            if not matching(self.priors, spec.priors):
                continue
            priors = matching(self.priors, [*spec.priors, *spec.other_priors])
            if spec.only_learned:
                priors = [prior for prior in priors if self.priors[prior].spec.learns]
            tasks, metrics = matching(self.tasks, spec.tasks), matching(self.metrics, spec.metrics)
            studies[name] = StudyPlan(entry, tuple(priors), tuple(tasks), tuple(metrics))
        return studies

    def _add_dataset(self, name: str, use: str) -> None:
        """Plan a data set of the configuration or, with its defaults, a registered source."""
        if name in self.datasets:
            return
        section = self._experiment.datasets.get(name)
        if section is None:
            if name not in self._registry.datasets:
                raise ConfigError(f"{use}: {unknown('data set', name, self._experiment.datasets)}")
            section = DatasetSection(source=name)
        self.datasets[name] = plan_dataset(name, section, self._registry, self._code)

    def _check_disjoint(self) -> None:
        """Refuse to test on what a prior has learned from or was tuned on."""
        for prior in self.priors.values():
            # A prior that learns is tuned on what it learns from.
            source = prior.train_on or prior.tune_on
            for name in self._experiment.test if source else ():
                shared = leak(self.datasets[name], self.datasets[source])
                if shared:
                    use = "learns from" if prior.train_on else "is tuned on"
                    raise ConfigError(
                        f"the prior {prior.id} would be tested on what it {use}: {shared}"
                    )

    def _chosen(
        self,
        kind: str,
        registered: Mapping[str, Registered[R]],
        run: Literal["all"] | list[str],
        skip: Sequence[str] = (),
        settings: Iterable[str] = (),
    ) -> dict[str, Registered[R]]:
        """Return what the configuration chooses of one kind of spec."""
        section = {"study": "studies"}.get(kind, f"{kind}s")
        named = [*(() if run == "all" else run), *skip, *settings]
        for name in named:
            if name not in registered:
                failed = "".join(f"\n{problem}" for problem in self._registry.problems)
                raise ConfigError(f"{section}: {unknown(kind, name, registered)}{failed}")
        wanted = registered if run == "all" else run
        return {name: registered[name] for name in wanted if name not in skip}


def _add(kind: str, variant: Any, known: dict[str, Any]) -> None:
    if variant.id in known:
        raise ConfigError(
            f"two settings give the same {kind} id {variant.id!r}: remove the repeated value"
        )
    known[variant.id] = variant
