"""What a study sees of a finished experiment: its results, fitted priors, images and problems."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from priorbench.data.samples import read_samples
from priorbench.data.tensors import read_tensor, to_array
from priorbench.jobs.ready import with_tuned
from priorbench.metrics.fidelity import psnr
from priorbench.metrics.protocol import compared
from priorbench.plan import Plan
from priorbench.plan.tuning import Candidate
from priorbench.problem import Problem
from priorbench.provenance import fingerprint
from priorbench.results.catalogue import Catalogue
from priorbench.results.gather import gathered
from priorbench.results.planned import catalogue
from priorbench.results.schema import RUNS, SCORES, Table
from priorbench.seeds import derive_seed, seeded
from priorbench.specs.solver_settings import SolverSettings
from priorbench.store.cell import Cell
from priorbench.store.files import read_json
from priorbench.store.manifest import check_file, read_manifest
from priorbench.store.memo import recorded_checksums
from priorbench.store.status import Status
from priorbench.studies.tables import select
from priorbench.types import Image

__all__ = ["Experiment", "Restored", "digest"]


@dataclass(frozen=True)
class Restored:
    """A restoration as the protocol of its task compares it; arrays are H × W × C on [0, 1].

    Args:
        clean: the clean image.
        estimate: the restored image.
        samples: draws from the posterior, S × H × W × C; None where there are none.
    """

    clean: np.ndarray
    estimate: np.ndarray
    samples: np.ndarray | None


@dataclass(frozen=True, kw_only=True)
class Experiment:
    """All that a study may see of an experiment.

    The tables are at hand; fitted priors, images and problems are read when they are asked for.

    Args:
        scores: one row for each data set, image, task, prior and metric, see
            :data:`priorbench.results.schema.SCORES`.
        runs: one row for each data set, image, task and prior, see
            :data:`priorbench.results.schema.RUNS`.
        training: prior id → its training curve, one row for each iteration; fitted priors only.
        parameters: prior id → its parameters.
        names: prior id → the name of its spec.
        catalogue: labels and order.
        plan: where the rest is read from.
    """

    scores: pd.DataFrame
    runs: pd.DataFrame
    training: Mapping[str, pd.DataFrame]
    parameters: Mapping[str, Mapping[str, Any]]
    names: Mapping[str, str]
    catalogue: Catalogue
    plan: Plan

    @classmethod
    def read(cls, plan: Plan, study: str) -> Experiment:
        """Read what a study looks at: the tables of its priors on its tasks.

        Raises:
            ValueError: the study's rows can't be read.
        """
        layout = plan.layout
        priors = [plan.prior(prior) for prior in plan.study(study).priors]
        fitted = [
            prior.id
            for prior in priors
            if prior.spec.learns and read_json(layout.training(prior.id))["status"] == Status.OK
        ]
        tasks, metrics = plan.study(study).tasks, plan.study(study).metrics
        chunks = plan.study_chunks(study)
        runs = _rows([layout.runs(chunk) for chunk in chunks], RUNS, tasks)
        scores = _rows([layout.scores(chunk) for chunk in chunks], SCORES, tasks)
        names = catalogue(plan)
        return cls(
            scores=scores[scores["metric"].isin(metrics)].reset_index(drop=True),
            runs=runs,
            training={prior: pd.read_csv(layout.curve(prior)) for prior in fitted},
            parameters={prior.id: prior.parameters for prior in priors},
            names={prior.id: prior.spec.name for prior in priors},
            catalogue=replace(
                names,
                priors={prior.id: names.priors[prior.id] for prior in priors},
                tasks={task: names.tasks[task] for task in tasks},
                metrics={metric: names.metrics[metric] for metric in metrics},
            ),
            plan=plan,
        )

    def by_image(
        self, metric: str, priors: Sequence[str] | None = None
    ) -> dict[tuple[str, str], pd.DataFrame]:
        """Return a metric of each data set and task, images × priors.

        Data sets and tasks without any image are left out.

        Args:
            metric: its name.
            priors: only images that all of these restored are taken; None for all priors and
                images, with NaN where a prior has no score.
        """
        # Published rows are means of data sets and name no image.
        measured = select(self.scores, metric=metric, source="measured")
        found: dict[tuple[str, str], pd.DataFrame] = {}
        for dataset in self.catalogue.datasets:
            for task in self.catalogue.tasks:
                cell = select(measured, dataset=dataset, task=task)
                values = cell.pivot(index="image", columns="prior", values="value")
                if priors is None:
                    values = values.reindex(columns=list(self.catalogue.priors))
                else:
                    values = values.reindex(columns=list(priors)).dropna()
                if not values.empty:
                    found[dataset, task] = values
        return found

    def fitted(self, name: str) -> list[str]:
        """Return the ids of the priors of a spec that were fitted."""
        return [
            prior for prior, own in self.names.items() if own == name and prior in self.training
        ]

    def prior(self, prior: str, changed: Mapping[str, Any] | None = None) -> Any:
        """Return a prior, fitted if it learns.

        Args:
            prior: its id.
            changed: values of parameters of its restorations that are not the experiment's.

        Raises:
            ConfigError: a value is wrong.
            ValueError: its fit failed.
            StorageError: the model is damaged.
        """
        chosen = self.plan.prior(prior)
        if changed:
            chosen = chosen.tuned(Candidate(changed, SolverSettings()))
        # A constructor may draw from a global generator.
        with seeded(derive_seed(self.plan.experiment.seed, "build", prior)):
            built = chosen.build()
        if chosen.spec.learns:
            training = read_json(self.plan.layout.training(prior))
            if training["status"] != Status.OK:
                raise ValueError(f"{prior} has no model: {training['reason']}")
            model = self.plan.layout.model(prior)
            check_file(model, training["sha256"])
            built.load(model)
        return built

    def solver(self, prior: str, task: str) -> SolverSettings:
        """Return the settings of the splitting that a prior restored a task with.

        What is not set is the default.
        """
        tunings = self.plan.tunings.outputs(task, prior)
        return with_tuned(self.plan, prior, tunings).solver.within(self.plan.regimes(task))

    def tried(self, prior: str) -> Sequence[Mapping[str, Any]]:
        """Return the values of tuned parameters that the stage ``tune`` tried, the same for all
        tasks; empty for a prior whose parameters are not tuned.
        """
        return [candidate.parameters for candidate in self.plan.prior(prior).candidates]

    def tuned(self, prior: str, task: str) -> Mapping[str, Any]:
        """Return the parameters that a prior restored a task with, the tuned ones included."""
        return with_tuned(self.plan, prior, self.plan.tunings.outputs(task, prior)).parameters

    def psnr(self, task: str, restored: Image, clean: Image) -> float:
        """Return the PSNR in dB by the protocol of a task.

        Images are clipped, the border is cut off, and only luma is compared where the task says so.
        """
        corruption = self.plan.task(task).build()
        rows, columns = corruption.border
        border, luma = (int(rows), int(columns)), bool(corruption.luminance)
        return psnr(*compared(to_array(restored.cpu()), to_array(clean), border, luma))

    def restored(self, dataset: str, task: str, prior: str) -> Mapping[str, Restored]:
        """Return the restorations of a prior, by the names of the images; none that failed.

        Raises:
            StorageError: an image is damaged.
        """
        layout, cell = self.plan.layout, Cell(dataset, task, prior)
        corruption = self.plan.task(task).build()
        border, luma = corruption.border, bool(corruption.luminance)
        done = select(self.runs, dataset=dataset, task=task, prior=prior, status=Status.OK)
        clean = self.test_images(dataset)
        found = {}
        for image in map(str, done["image"]):
            file, samples = layout.restored(cell, f"{image}.png"), layout.samples(cell, image)
            check_file(file, recorded_checksums(file.with_suffix(".json"))[file.name])
            truth, drawn = to_array(clean[image]), None
            if samples.exists():
                check_file(samples, recorded_checksums(samples.with_suffix(".json"))[samples.name])
                each = (compared(one, truth, border, luma)[0] for one in read_samples(samples))
                drawn = np.stack(list(each))
            estimate, shown = compared(to_array(read_tensor(file)), truth, border, luma)
            found[image] = Restored(shown, estimate, drawn)
        return found

    def training_images(self, prior: str) -> Mapping[str, Image]:
        """Return the images that a prior learned from, each 1 × C × H × W."""
        return self.test_images(self.plan.prior(prior).train_on)

    def test_images(self, dataset: str) -> Mapping[str, Image]:
        """Return the clean images of a data set, each 1 × C × H × W.

        Those that could not be read are left out.
        """
        found = {}
        for image, entry in read_manifest(self.plan.layout.images(dataset)).items():
            if entry.outcome.ok:
                file = self.plan.layout.image(dataset, image)
                check_file(file, entry.sha256)
                found[image] = read_tensor(file)
        return found

    def clean_images(self) -> dict[str, Image]:
        """Return the clean test images of all data sets, by data set and name."""
        return {
            f"{dataset}/{name}": image
            for dataset in self.catalogue.datasets
            for name, image in self.test_images(dataset).items()
        }

    def problems(self, dataset: str, task: str) -> Mapping[str, tuple[Problem, Image]]:
        """Return each problem made from a data set, with the clean image that it was made from."""
        corruption = self.plan.task(task).build()
        images = self.test_images(dataset)
        found = {}
        for image, entry in read_manifest(self.plan.layout.problems(dataset, task)).items():
            if entry.outcome.ok:
                file = self.plan.layout.problem(dataset, task, image)
                check_file(file, entry.sha256)
                found[image] = Problem.load(file), corruption.fit(images[image])
        return found


def _rows(files: Sequence[Path], table: Table, tasks: Sequence[str]) -> pd.DataFrame:
    """Return the rows of some tasks in the files of jobs, which do other tasks too."""
    rows: pd.DataFrame = gathered(files, table).to_pandas()
    chosen: pd.DataFrame = rows[rows["task"].isin(tasks)].reset_index(drop=True)
    return chosen


def digest(experiment: Experiment) -> str:
    """Return a fingerprint of the content of what a study sees, images and models included."""
    plan, layout = experiment.plan, experiment.plan.layout
    # Code and machines that gave the same numbers are no other results.
    ignored = ["fingerprint", "environment"]
    frames = [experiment.runs, experiment.scores, *experiment.training.values()]
    texts = [frame.drop(columns=ignored, errors="ignore").to_csv(index=False) for frame in frames]
    trained_on = [plan.prior(prior).train_on for prior in experiment.training]
    manifests = [layout.images(dataset) for dataset in dict.fromkeys([*plan.test, *trained_on])]
    tasks = experiment.catalogue.tasks
    manifests += [layout.problems(dataset, task) for dataset in plan.test for task in tasks]
    images = [
        {image: entry.sha256 for image, entry in read_manifest(manifest).items()}
        for manifest in manifests
    ]
    models = {prior: read_json(layout.training(prior))["sha256"] for prior in experiment.training}
    return fingerprint([texts, images, models])
