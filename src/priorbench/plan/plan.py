"""The plan of an experiment: its data sets, tasks, priors and studies, its jobs and what they ask
for.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

from priorbench.config import ConfigError, Experiment
from priorbench.errors import unknown
from priorbench.plan.chunks import chunks_of
from priorbench.plan.code import Code
from priorbench.plan.datasets import DatasetPlan
from priorbench.plan.estimates import Estimates
from priorbench.plan.fingerprints import Fingerprints
from priorbench.plan.limits import Limits
from priorbench.plan.lost import Lost
from priorbench.plan.priors import PriorPlan
from priorbench.plan.selection import Selection
from priorbench.plan.studies import StudyPlan
from priorbench.plan.tasks import files_of, regimes_of
from priorbench.plan.tunings import Tunings
from priorbench.plan.variants import Variant
from priorbench.plugins.manager import load_configured
from priorbench.plugins.registry import Registered, Registry
from priorbench.specs import Spec, TaskSpec
from priorbench.specs.solver_settings import Regime
from priorbench.store.cell import Cell
from priorbench.store.chunk import Chunk
from priorbench.store.layout import Layout

R = TypeVar("R", bound=Spec)


class Plan:
    """The whole experiment, laid out.

    Args:
        experiment: the configuration.
        registry: the plugins; by default those that the configuration names.

    Raises:
        ConfigError: the configuration names something that isn't registered, or doesn't fit
            together.
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
        self._chunks: dict[tuple[str, str], list[Chunk]] = {}
        selection = Selection(experiment, self.registry, self._code)
        self.tasks, self.datasets = selection.tasks, selection.datasets
        self.priors, self.metrics = selection.priors, selection.metrics
        self.studies = selection.studies

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
    def limits(self) -> Limits:
        """What the jobs ask for."""
        return Limits(self)

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
            *(study.entry for study in self.studies.values()),
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

    def chunks(self, dataset: str, prior: str) -> list[Chunk]:
        """Return the restorations of a prior on a data set in chunks, one for each job."""
        # Snakemake asks several times for every job.
        if (dataset, prior) not in self._chunks:
            self._chunks[dataset, prior] = chunks_of(self, dataset, prior)
        return self._chunks[dataset, prior]

    def chunk(self, dataset: str, prior: str, number: str | int) -> Chunk:
        """Return the restorations of one job.

        Raises:
            ConfigError: there is no such data set, prior or chunk.
        """
        chunks = self.chunks(self.dataset(dataset).id, self.prior(prior).id)
        if not str(number).isdecimal() or int(number) >= len(chunks):
            raise ConfigError(
                f"{prior} has {len(chunks)} jobs on {dataset}, numbered from 0; "
                f"there is no chunk {number}"
            )
        return chunks[int(number)]

    def all_chunks(
        self, priors: Iterable[str] | None = None, tasks: Iterable[str] | None = None
    ) -> Iterator[Chunk]:
        """Yield the chunks of all priors, or of some, that hold any of all tasks, or of some."""
        wanted = None if tasks is None else set(tasks)
        for prior in self.priors if priors is None else priors:
            for dataset in self.test:
                for chunk in self.chunks(dataset, prior):
                    if wanted is None or wanted.intersection(chunk.tasks):
                        yield chunk

    def restoring_inputs(self, chunk: Chunk) -> list[Path]:
        """Return what a restoring job reads that other jobs made: never a clean image."""
        problems = [self.layout.problems(chunk.dataset, task) for task in chunk.tasks]
        tunings = [file for task in chunk.tasks for file in self.tunings.outputs(task, chunk.prior)]
        return [*problems, *self.model_files(chunk.prior), *dict.fromkeys(tunings)]

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
        """The names of the tables, each written as CSV, Markdown, LaTeX and HTML."""
        return [*self.metrics, "ranking", "paired", "cost", "failures"]

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
        """The labels of all priors and tasks; a new one redraws tables and figures and recomputes
        nothing.
        """
        priors = {prior.id: prior.label for prior in self.priors.values()}
        return priors | {task.id: task.label for task in self.tasks.values()}

    def study_chunks(self, name: str) -> list[Chunk]:
        """Return the jobs that a study waits for."""
        study = self.study(name)
        return list(self.all_chunks(study.priors, study.tasks))

    def study(self, name: str) -> StudyPlan:
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


T = TypeVar("T")


def _look_up(kind: str, name: str, known: Mapping[str, T]) -> T:
    if name not in known:
        raise ConfigError(unknown(kind, name, known))
    return known[name]
