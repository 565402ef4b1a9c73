"""The plan of an experiment: its data sets, tasks, priors and studies, its jobs and what they ask for."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
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
from priorbench.plan.estimates import JOB_SECONDS, Estimates
from priorbench.plan.fingerprints import Fingerprints, matching
from priorbench.plan.leaks import leak
from priorbench.plan.lost import Lost
from priorbench.plan.priors import PriorPlan, can_do
from priorbench.plan.tasks import files_of, needs_settings, regimes_of
from priorbench.plan.tuning import (
    open_regimes,
    parameter_candidates,
    regime_of,
    solver_origins,
)
from priorbench.plan.tunings import Tunings
from priorbench.plan.variants import Variant, variants
from priorbench.plugins.manager import load_configured
from priorbench.plugins.registry import Registered, Registry
from priorbench.specs import (
    MetricSpec,
    PriorSpec,
    Spec,
    StudySpec,
    TaskSpec,
)
from priorbench.specs.solver_settings import Regime, SolverSettings
from priorbench.store.cell import Cell
from priorbench.store.layout import Layout

R = TypeVar("R", bound=Spec)
MODEL_LOADING_MINUTES = 10
"""Time a job gets to start, import a plugin and load its model."""
DOWNLOAD_MINUTES = 30
"""Time a job gets that may have to download what it needs, and the least of one that scores."""
PATIENCE = 6
"""How many times longer than expected a job may take at its first attempt."""


class Plan:
    """The whole experiment, laid out.

    Args:
        experiment: the configuration.
        registry: the plugins; by default those that the configuration names.

    Raises:
        ConfigError: the configuration names something that isn't registered, or doesn't fit together.
    """

    def __init__(self, experiment: Experiment, registry: Registry | None = None) -> None:
        self.experiment = experiment
        self.registry = registry or load_configured(experiment.plugins)
        self.layout = Layout(Path(experiment.results, experiment.experiment))
        _check_folder(self.layout.root)
        own = self.layout.costs()
        others = (
            path for path in sorted(Path(experiment.results).glob(f"*/{own.name}")) if path != own
        )
        self.estimates = Estimates.read(self.layout.estimates(), others)
        self._code = Code(self.registry.plugins)
        self._chunks: dict[tuple[str, int], list[list[str]]] = {}
        self.tasks = self._tasks()
        self.datasets: dict[str, DatasetPlan] = {}
        for dataset in experiment.test:
            self._add_dataset(dataset, "test")
        self.priors = self._priors()
        self.metrics: dict[str, MetricSpec] = {
            name: entry.spec
            for name, entry in self._chosen(
                "metric", self.registry.metrics, experiment.metrics
            ).items()
        }
        self.studies = self._studies()
        self._check_disjoint()

    @property
    def test(self) -> list[str]:
        """The data sets that priors are tested on."""
        return list(self.experiment.test)

    @property
    def learners(self) -> list[str]:
        """The priors that learn."""
        return [prior.id for prior in self.priors.values() if prior.spec.learns]

    @cached_property
    def fingerprints(self) -> Fingerprints:
        """What each result depends on."""
        return Fingerprints(self, self._code)

    @cached_property
    def tunings(self) -> Tunings:
        """What is tuned, on what, and who waits for it."""
        return Tunings(self, self._code)

    @cached_property
    def lost(self) -> Lost:
        """Files of finished jobs that were found missing."""
        return Lost(self)

    @cached_property
    def packages(self) -> dict[str, str]:
        """Versions of the installed packages that the experiment's plugins import."""
        entries: list[Registered[Any]] = [
            *(prior.entry for prior in self.priors.values()),
            *(task.entry for task in self.tasks.values()),
            *(dataset.source for dataset in self.datasets.values()),
            *(self.registry.metrics[name] for name in self.metrics),
            *self.studies.values(),
        ]
        return {
            package: version
            for entry in entries
            for package, version in self._code.packages(entry).items()
        }

    def cells(
        self, priors: Iterable[str] | None = None, tasks: Iterable[str] | None = None
    ) -> Iterator[Cell]:
        """Yield all cells that are run, or those of some priors and tasks."""
        priors = self.priors if priors is None else priors
        tasks = self.tasks if tasks is None else tasks
        for dataset, task, prior in itertools.product(self.test, tasks, priors):
            if self.priors[prior].can_do(self.tasks[task]):
                yield Cell(dataset, task, prior)

    def cell(self, dataset: str, task: str, prior: str) -> Cell:
        """Return a cell by the ids of its parts.

        Raises:
            ConfigError: an id is unknown.
        """
        return Cell(self.dataset(dataset).id, self.task(task).id, self.prior(prior).id)

    def check_cells(self) -> None:
        """Refuse an experiment that has nothing to run.

        Raises:
            ConfigError: there are no priors or tasks, or no prior can do any task.
        """
        for kind, found in (("priors", self.priors), ("tasks", self.tasks)):
            if not found:
                problems = "".join(f"\n{problem}" for problem in self.registry.problems)
                raise ConfigError(
                    f"{kind}: none is left to run; name others under run or skip{problems}"
                )
        if next(self.cells(), None) is None:
            raise ConfigError("no prior can do any of the tasks, so there is nothing to run")

    def chunks(self, dataset: str, prior: str) -> list[list[str]]:
        """Return the images of a data set in groups, one for each job of the prior."""
        minutes = self.experiment.job_minutes
        size = self.estimates.images_per_job(self.priors[prior], self.datasets[dataset], minutes)
        if (dataset, size) not in self._chunks:
            # Snakemake asks several times for every job; making them anew would be quadratic in the images.
            images = list(self.datasets[dataset].images)
            self._chunks[dataset, size] = [
                images[start : start + size] for start in range(0, len(images), size)
            ]
        return self._chunks[dataset, size]

    def chunk(self, dataset: str, prior: str, chunk: str | int) -> list[str]:
        """Return the images of one job.

        Raises:
            ConfigError: there is no such chunk.
        """
        chunks = self.chunks(dataset, prior)
        if not str(chunk).isdecimal() or int(chunk) >= len(chunks):
            raise ConfigError(f"chunk must be between 0 and {len(chunks) - 1}, not {chunk}")
        return chunks[int(chunk)]

    def job_files(
        self,
        path: Callable[[Cell, int], Path],
        priors: Iterable[str] | None = None,
        tasks: Iterable[str] | None = None,
    ) -> list[Path]:
        """Return ``path`` (``layout.runs`` or ``layout.scores``) of every job.

        Args:
            path: from cell and chunk to a file.
            priors: ids of the priors; by default all.
            tasks: ids of the tasks; by default all.
        """
        return [
            path(cell, chunk)
            for cell in self.cells(priors, tasks)
            for chunk in range(len(self.chunks(cell.dataset, cell.prior)))
        ]

    @cached_property
    def is_brief(self) -> bool:
        """Whether a core corrupts and scores all of it so soon that such jobs are not worth a place in a queue."""
        seconds = JOB_SECONDS * len(self.test) * len(self.tasks)
        for cell in self.cells():
            dataset = self.dataset(cell.dataset)
            seconds += JOB_SECONDS * len(self.chunks(cell.dataset, cell.prior))
            seconds += self.estimates.scoring_seconds(dataset) * len(dataset.images)
        return seconds <= 60 * self.experiment.local_minutes

    def restore_minutes(self, dataset: str, prior: str, chunk: str, attempt: int) -> int:
        """Return the time limit of a restoring job: several times what it should take, at the last attempt the most.

        A short limit lets a scheduler start the job earlier. No image is lost by it: the next attempt goes on.
        """
        images, chosen = self.chunk(dataset, prior, chunk), self.prior(prior)
        most = chosen.resources.minutes * len(images)
        expected = self.estimates.seconds(chosen, self.dataset(dataset)) * len(images) / 60
        limit = most if self.is_final(attempt) else min(most, PATIENCE * expected * attempt)
        return math.ceil(limit + MODEL_LOADING_MINUTES)

    def scoring_minutes(self, dataset: str, prior: str, chunk: str, attempt: int) -> int:
        """Return the time limit of a scoring job."""
        seconds = self.estimates.scoring_seconds(self.dataset(dataset)) * len(
            self.chunk(dataset, prior, chunk)
        )
        return math.ceil(PATIENCE * seconds / 60 + DOWNLOAD_MINUTES) * attempt

    def data_minutes(self, dataset: str, attempt: int) -> int:
        """Return the time limit of a job that prepares or corrupts a data set, or downloads it."""
        chosen = self.dataset(dataset)
        seconds = self.estimates.scoring_seconds(chosen) * len(chosen.images)
        return math.ceil(PATIENCE * seconds / 60 + DOWNLOAD_MINUTES) * attempt

    def training_minutes(self, prior: str) -> int:
        """Return the time limit of a training job."""
        return int(self.prior(prior).resources.training_minutes + MODEL_LOADING_MINUTES) + 1

    def tuning_minutes(self, target: str, prior: str) -> int:
        """Return the time limit of a tuning job: that of every restoration and of starting."""
        minutes = self.prior(prior).resources.minutes * self.tunings.runs(target, prior)
        return int(minutes + MODEL_LOADING_MINUTES) + 1

    def memory(self, prior: str, dataset: str, attempt: int) -> int:
        """Return the memory in MiB of a prior's job on a data set, by its largest image; doubled at each attempt."""
        largest = self.estimates.pixels(self.dataset(dataset)).largest
        return self.estimates.memory(self.prior(prior), largest) << (attempt - 1)

    def is_final(self, attempt: int) -> int:
        """Return 1 for the last attempt at a job, else 0."""
        return int(attempt > self.experiment.retries)

    def model_files(self, prior: str) -> list[Path]:
        """Return what a restoring job needs of the training: nothing if the prior doesn't learn."""
        return [self.layout.training(prior)] if self.prior(prior).spec.learns else []

    def regimes(self, task: str) -> tuple[Regime, ...]:
        """Return the regimes of a splitting that the problems of a task may be in."""
        return regimes_of(self.task(task))

    def task_files(self, task: str) -> list[str]:
        """Return the files that a task reads."""
        return files_of(self.task(task))

    @property
    def tables(self) -> list[str]:
        """The names of the tables, each written as CSV, Markdown and LaTeX."""
        return [*self.metrics, "paired", "cost", "failures"]

    @property
    def galleries(self) -> dict[str, tuple[str, str]]:
        """The name of each picture of restorations, with its data set and task."""
        return {
            f"gallery-{dataset}-{task}": (dataset, task)
            for dataset in self.test
            for task in self.tasks
        }

    @property
    def figures(self) -> list[str]:
        """The names of the figures."""
        return [*self.metrics, "differences", "cost", *self.galleries]

    @property
    def labels(self) -> dict[str, str]:
        """The labels of all priors and tasks; a new one redraws tables and figures and recomputes nothing."""
        priors = {prior.id: prior.label for prior in self.priors.values()}
        return priors | {task.id: task.label for task in self.tasks.values()}

    def study_priors(self, name: str) -> list[str]:
        """Return the ids of the priors that a study looks at."""
        record = self.study(name).spec
        found = matching(self.priors, [*record.priors, *record.other_priors])
        return [
            prior for prior in found if self.priors[prior].spec.learns or not record.only_learned
        ]

    def study_tasks(self, name: str) -> list[str]:
        """Return the ids of the tasks that a study looks at."""
        return matching(self.tasks, self.study(name).spec.tasks)

    def study_metrics(self, name: str) -> list[str]:
        """Return the names of the metrics that a study looks at."""
        return matching(self.metrics, self.study(name).spec.metrics)

    def study_files(self, path: Callable[[Cell, int], Path], name: str) -> list[Path]:
        """Return ``path`` (``layout.runs`` or ``layout.scores``) of every job that a study looks at."""
        return self.job_files(path, self.study_priors(name), self.study_tasks(name))

    def study(self, name: str) -> Registered[StudySpec]:
        """Return the study with this name."""
        return _look_up("study", name, self.studies)

    def prior(self, name: str) -> PriorPlan:
        """Return the prior with this id."""
        return _look_up("prior", name, self.priors)

    def task(self, name: str) -> Variant[TaskSpec]:
        """Return the task with this id."""
        return _look_up("task", name, self.tasks)

    def dataset(self, name: str) -> DatasetPlan:
        """Return the data set with this name."""
        return _look_up("data set", name, self.datasets)

    def _tasks(self) -> dict[str, Variant[TaskSpec]]:
        section = self.experiment.tasks
        chosen = self._chosen(
            "task", self.registry.tasks, section.run, section.skip, section.settings
        )
        tasks: dict[str, Variant[TaskSpec]] = {}
        for name, entry in chosen.items():
            settings = section.settings.get(name, TaskSection())
            if section.run == "all" and name not in section.settings and needs_settings(entry.spec):
                continue
            for variant in variants(
                entry,
                self._code.record(entry),
                settings.parameters,
                f"tasks.settings.{name}.parameters",
            ):
                if regime_of(variant.id):
                    raise ConfigError(
                        f"the id {variant.id!r} of a task is that of a tuning: rename it"
                    )
                _add("task", variant, tasks)
        return tasks

    def _priors(self) -> dict[str, PriorPlan]:
        section = self.experiment.priors
        chosen = self._chosen(
            "prior", self.registry.priors, section.run, section.skip, section.settings
        )
        priors: dict[str, PriorPlan] = {}
        for name, entry in chosen.items():
            settings = section.settings.get(name, PriorSection())
            train_on = self._train_on(entry.spec, settings)
            tune_on = self._tune_on(entry.spec, settings, train_on)
            regimes = self._open_regimes(entry.spec, settings) if tune_on else ()
            changes = settings.resources.model_dump(exclude_none=True)
            for variant in variants(
                entry,
                self._code.record(entry),
                settings.parameters,
                f"priors.settings.{name}.parameters",
            ):
                prior = PriorPlan(
                    **vars(variant),
                    train_on=train_on,
                    resources=entry.spec.resources.model_copy(update=changes),
                    images_per_job=settings.images_per_job or entry.spec.images_per_job,
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
        dataset = settings.train_on or spec.train_on or self.experiment.train
        if not dataset:
            raise ConfigError(
                f"the prior {spec.name} learns: name a data set under 'train', or skip the prior"
            )
        self._add_dataset(dataset, f"the training set of {spec.name}")
        return dataset

    def _tune_on(self, spec: PriorSpec, settings: PriorSection, train_on: str) -> str:
        """Return the data set that a prior is tuned on, made known to the plan; empty if nothing is tuned."""
        if not settings.tune and not self._open_regimes(spec, settings):
            return ""
        dataset = train_on or self.experiment.train
        if not dataset:
            if settings.tune:
                raise ConfigError(
                    f"priors.settings.{spec.name}.tune: name a data set under 'train' to tune it on"
                )
            return ""
        self._add_dataset(dataset, f"the training set of {spec.name}")
        if settings.tune is None and any(
            leak(self.datasets[tested], self.datasets[dataset]) for tested in self.test
        ):
            return ""
        return dataset

    def _open_regimes(self, spec: PriorSpec, settings: PriorSection) -> tuple[Regime, ...]:
        """Return the regimes in which the prior's splitting is tuned, as far as its tasks need them."""
        needed = {
            regime
            for task in self.tasks.values()
            if can_do(spec, task)
            for regime in regimes_of(task)
        }
        return tuple(regime for regime in open_regimes(spec, settings) if regime in needed)

    def _studies(self) -> dict[str, Registered[StudySpec]]:
        chosen = self._chosen("study", self.registry.studies, self.experiment.studies)
        return {
            name: entry
            for name, entry in chosen.items()
            if matching(self.priors, entry.spec.priors)
        }

    def _add_dataset(self, name: str, use: str) -> None:
        """Plan a data set of the configuration or, with its defaults, a registered source."""
        if name in self.datasets:
            return
        section = self.experiment.datasets.get(name)
        if section is None:
            if name not in self.registry.datasets:
                raise ConfigError(f"{use}: {unknown('data set', name, self.experiment.datasets)}")
            section = DatasetSection(source=name)
        self.datasets[name] = plan_dataset(name, section, self.registry, self._code)

    def _check_disjoint(self) -> None:
        """Refuse to test on what a prior has learned from or was tuned on."""
        for prior in self.priors.values():
            # A prior that learns is tuned on what it learns from.
            source = prior.train_on or prior.tune_on
            for name in self.test if source else ():
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
        """Return what the configuration chooses of one kind of record."""
        section = {"study": "studies"}.get(kind, f"{kind}s")
        named = [*(() if run == "all" else run), *skip, *settings]
        for name in named:
            if name not in registered:
                failed = "".join(f"\n{problem}" for problem in self.registry.problems)
                raise ConfigError(f"{section}: {unknown(kind, name, registered)}{failed}")
        wanted = registered if run == "all" else run
        return {name: registered[name] for name in wanted if name not in skip}


def _check_folder(path: Path) -> None:
    """Refuse a folder of results that can't be made.

    Raises:
        ConfigError: something on the way to it is no folder.
    """
    for place in (path, *path.parents):
        if place.is_symlink() and not place.exists():
            raise ConfigError(
                f"results: {place} is a link to {place.readlink()}, which is not there"
            )
        if place.exists():
            if not place.is_dir():
                raise ConfigError(f"results: {place} is a file; name a folder")
            return


def _add(kind: str, variant: Any, known: dict[str, Any]) -> None:
    if variant.id in known:
        raise ConfigError(
            f"two settings give the same {kind} id {variant.id!r}: remove the repeated value"
        )
    known[variant.id] = variant


T = TypeVar("T")


def _look_up(kind: str, name: str, known: Mapping[str, T]) -> T:
    if name not in known:
        raise ConfigError(unknown(kind, name, known))
    return known[name]
