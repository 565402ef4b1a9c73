"""Small experiments for studies: one that is given, one that is run in seconds, one of nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pandas as pd
import pyarrow as pa
import torch

from priorbench.data.tensors import to_array
from priorbench.errors import NotApplicable
from priorbench.metrics.fidelity import psnr
from priorbench.metrics.protocol import compared
from priorbench.plan.variants import variants
from priorbench.plugins.registry import Registered, Registry
from priorbench.problem import Problem
from priorbench.results.catalogue import Catalogue
from priorbench.results.schema import RUNS, SCORES, Table
from priorbench.seeds import derive_seed, seeded
from priorbench.specs import MetricSpec, PriorSpec, SolverSettings, StudySpec
from priorbench.specs.patterns import matching
from priorbench.store.status import Status
from priorbench.studies import Experiment
from priorbench.tasks import Task
from priorbench.testing.easy import photograph
from priorbench.testing.prior_subject import PriorSubject
from priorbench.testing.source import Kind, Source
from priorbench.types import Image

__all__ = ["GivenExperiment", "empty_experiment", "small_experiment"]

DATASET = "photographs"
SIDE = 48
PLACES = ((96, 208), (200, 120))
"""Corners of the two test images in the photograph that they are cut from."""
TASKS = ("denoise", "inpaint")
OWN, OTHERS = 2, 1
"""How many priors that a study is about take part, and how many that it compares with."""


@dataclass(frozen=True, kw_only=True)
class GivenExperiment(Experiment):
    """An experiment whose priors, images and problems are at hand; no plan is behind it.

    Args:
        priors: fitted, by id; None for one whose fit failed.
        images: data set → name → clean image.
        learned_from: prior id → name → training image.
        made: task → image → problem.
        corruptions: task → what made its problems.
        combinations: prior id → values of its tuned parameters that were tried.
        chosen: (prior id, task) → its parameters, where they are not those of ``parameters``.
    """

    scores: pd.DataFrame = field(default_factory=pd.DataFrame)
    runs: pd.DataFrame = field(default_factory=pd.DataFrame)
    training: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    parameters: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)
    plan: Any = None
    priors: Mapping[str, Any] = field(default_factory=dict)
    images: Mapping[str, Mapping[str, Image]] = field(default_factory=dict)
    learned_from: Mapping[str, Mapping[str, Image]] = field(default_factory=dict)
    made: Mapping[str, Mapping[str, Problem]] = field(default_factory=dict)
    corruptions: Mapping[str, Task] = field(default_factory=dict)
    combinations: Mapping[str, Sequence[Mapping[str, Any]]] = field(default_factory=dict)
    chosen: Mapping[tuple[str, str], Mapping[str, Any]] = field(default_factory=dict)

    def prior(self, prior: str, changed: Mapping[str, Any] | None = None) -> Any:
        """Return a prior; one with changed parameters is made by its class.

        Raises:
            ValueError: its fit failed.
        """
        given = self.priors[prior]
        if given is None:
            raise ValueError(f"the fit of {prior} failed")
        return type(given)(**{**self.parameters[prior], **changed}) if changed else given

    def tried(self, prior: str) -> Sequence[Mapping[str, Any]]:
        """Return the values of tuned parameters that were tried."""
        return self.combinations.get(prior, ())

    def tuned(self, prior: str, task: str) -> Mapping[str, Any]:
        """Return the parameters that a prior restored a task with."""
        return self.chosen.get((prior, task), self.parameters[prior])

    def solver(self, prior: str, task: str) -> SolverSettings:
        """Return the default settings of a splitting."""
        return SolverSettings()

    def psnr(self, task: str, restored: Image, clean: Image) -> float:
        """Return the PSNR in dB by the protocol of a task."""
        corruption = self.corruptions[task]
        images = to_array(restored.cpu()), to_array(clean)
        return psnr(*compared(*images, corruption.border, corruption.luminance))

    def training_images(self, prior: str) -> Mapping[str, Image]:
        """Return the images that a prior learned from."""
        return self.learned_from[prior]

    def test_images(self, dataset: str) -> Mapping[str, Image]:
        """Return the clean images of a data set."""
        return self.images[dataset]

    def problems(self, dataset: str, task: str) -> Mapping[str, tuple[Problem, Image]]:
        """Return each problem with the clean image that it was made from."""
        clean = self.images[dataset]
        return {name: (problem, clean[name]) for name, problem in self.made.get(task, {}).items()}


def empty_experiment() -> GivenExperiment:
    """Return an experiment without priors, tasks and images."""
    catalogue = Catalogue(priors={}, tasks={}, datasets=(), metrics={})
    return GivenExperiment(scores=_table([], SCORES), runs=_table([], RUNS), catalogue=catalogue)


def small_experiment(registry: Registry, source: Source) -> GivenExperiment:
    """Return two photographs of 48 × 48, corrupted and restored by some priors of a study.

    The priors have their ``small`` parameters: what a study finds in it says nothing of them.

    Args:
        registry: the plugins.
        source: the study.
    """
    spec: StudySpec = source.entry.spec
    images = {f"part-{row}": photograph(row, column, SIDE) for row, column in PLACES}
    subjects = _subjects(registry, source, spec)
    tasks = {name: registry.tasks[name] for name in matching(TASKS, _names(spec.tasks))}
    corruptions = {
        name: entry.load()(**entry.spec.parameters().model_dump()) for name, entry in tasks.items()
    }
    made = {
        task: {image: _problem(corruption, task, image, clean) for image, clean in images.items()}
        for task, corruption in corruptions.items()
    }
    metrics: dict[str, MetricSpec] = {
        name: registry.metrics[name].spec for name in ("psnr",) if matching([name], spec.metrics)
    }
    built = GivenExperiment(
        catalogue=Catalogue(
            priors={prior: prior for prior in subjects},
            tasks={task: task for task in tasks},
            datasets=(DATASET,),
            metrics=metrics,
        ),
        training={
            prior: pd.DataFrame(subject.curve)
            for prior, subject in subjects.items()
            if subject.spec.learns
        },
        parameters={
            prior: subject.registered.values().model_dump() for prior, subject in subjects.items()
        },
        names={prior: subject.spec.name for prior, subject in subjects.items()},
        priors={prior: subject.prior for prior, subject in subjects.items()},
        images={DATASET: images},
        learned_from={
            prior: dict(images) for prior, subject in subjects.items() if subject.spec.learns
        },
        made=made,
        corruptions=corruptions,
    )
    return _run(built, subjects)


def _names(patterns: Sequence[str]) -> list[str]:
    """Return patterns of ids as patterns of the names that ids begin with."""
    return [
        pattern if pattern == "*" else f"{pattern.split('-')[0].rstrip('*')}*"
        for pattern in patterns
    ]


def _subjects(registry: Registry, source: Source, spec: StudySpec) -> dict[str, PriorSubject]:
    """Return the priors that take part, by id: some that the study is about, and another one."""
    ids = {}
    for name, entry in registry.priors.items():
        found = _id(entry)
        if found and (entry.spec.learns or not spec.only_learned):
            ids[found] = name
    own = matching(ids, spec.priors)[:OWN]
    others = [each for each in matching(ids, spec.other_priors) if each not in own][:OTHERS]
    return {
        prior: PriorSubject(
            replace(source, kind=Kind.PRIOR, name=ids[prior], parameters={}, tasks=TASKS)
        )
        for prior in [*own, *others]
    }


def _id(entry: Registered[PriorSpec]) -> str:
    """Return the id of a prior with its small parameters; empty if one has no default."""
    spec = entry.spec
    if any(
        each.is_required() and name not in spec.small
        for name, each in spec.parameters.model_fields.items()
    ):
        return ""
    [variant] = variants(entry, lambda: "", spec.small, spec.name)
    return variant.id


def _problem(corruption: Task, task: str, image: str, clean: Image) -> Problem:
    seed = derive_seed(0, "corrupt", task, image)
    with seeded(seed):
        return corruption.corrupt(clean, torch.Generator().manual_seed(seed))


def _run(experiment: GivenExperiment, subjects: Mapping[str, PriorSubject]) -> GivenExperiment:
    """Return an experiment with the rows of all restorations."""
    runs: list[dict[str, Any]] = []
    scores: list[dict[str, Any]] = []
    for task in experiment.catalogue.tasks:
        for image, (problem, clean) in experiment.problems(DATASET, task).items():
            for prior, subject in subjects.items():
                row = {"dataset": DATASET, "image": image, "task": task, "prior": prior}
                try:
                    restored = subject.restore(problem)
                except NotApplicable as error:
                    runs.append({**row, "status": Status.UNSUPPORTED.value, "reason": str(error)})
                    continue
                runs.append({**row, "status": Status.OK.value})
                value = experiment.psnr(task, restored, clean)
                if "psnr" in experiment.catalogue.metrics:
                    scores.append({**row, "metric": "psnr", "value": value, "status": "ok"})
    return replace(experiment, runs=_table(runs, RUNS), scores=_table(scores, SCORES))


def _table(rows: Sequence[Mapping[str, Any]], table: Table) -> pd.DataFrame:
    """Return rows with all columns of a table; what is not given is empty, missing or 0."""
    columns = {}
    for column in table.schema:
        if pa.types.is_string(column.type):
            default: Any = "measured" if column.name == "source" else ""
        else:
            default = float("nan") if pa.types.is_floating(column.type) else 0
        values = [row.get(column.name, default) for row in rows]
        columns[column.name] = pd.Series(values, dtype=column.type.to_pandas_dtype())
    return pd.DataFrame(columns)
