"""The results, fitted priors, images and problems of a planned experiment, for its studies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd

from priorbench.data.tensors import read_tensor, to_array
from priorbench.jobs.ready import with_tuned
from priorbench.metrics.fidelity import psnr
from priorbench.metrics.protocol import compared
from priorbench.plan import Plan
from priorbench.problem import Problem
from priorbench.provenance import fingerprint
from priorbench.results import Material, Results
from priorbench.results.gather import read_chunks
from priorbench.results.planned import catalogue
from priorbench.results.schema import RUNS, SCORES
from priorbench.seeds import derive_seed, seeded
from priorbench.specs.solver_settings import SolverSettings
from priorbench.store.files import read_json
from priorbench.store.manifest import check_file, read_manifest
from priorbench.store.status import Status
from priorbench.types import Image


def read_results(plan: Plan, study: str) -> Results:
    """Read what a study looks at: the rows, training curves and models of its priors on its tasks.

    A fit that failed has no training curve.
    """
    layout = plan.layout
    priors = [plan.prior(prior) for prior in plan.study_priors(study)]
    fitted = [
        prior.id
        for prior in priors
        if prior.spec.learns and read_json(layout.training(prior.id))["status"] == Status.OK
    ]
    runs = plan.study_files(layout.runs, study)
    scores = read_chunks(plan.study_files(layout.scores, study), SCORES)
    names = catalogue(plan)
    metrics = plan.study_metrics(study)
    return Results(
        scores=scores[scores["metric"].isin(metrics)].reset_index(drop=True),
        runs=read_chunks(runs, RUNS),
        training={prior: pd.read_csv(layout.curve(prior)) for prior in fitted},
        parameters={prior.id: prior.parameters for prior in priors},
        names={prior.id: prior.spec.name for prior in priors},
        catalogue=replace(
            names,
            priors={prior.id: names.priors[prior.id] for prior in priors},
            tasks={task: names.tasks[task] for task in plan.study_tasks(study)},
            metrics={metric: names.metrics[metric] for metric in metrics},
        ),
        material=PlannedMaterial(plan),
    )


def results_digest(plan: Plan, results: Results) -> str:
    """Return a fingerprint of the content of what a study gets, images and models included."""
    layout = plan.layout
    # Code and machines that gave the same numbers are no other results.
    ignored = ["fingerprint", "environment"]
    frames = [results.runs, results.scores, *results.training.values()]
    texts = [frame.drop(columns=ignored, errors="ignore").to_csv(index=False) for frame in frames]
    trained_on = [plan.prior(prior).train_on for prior in results.training]
    manifests = [layout.images(dataset) for dataset in dict.fromkeys([*plan.test, *trained_on])]
    manifests += [
        layout.problems(dataset, task) for dataset in plan.test for task in results.catalogue.tasks
    ]
    images = [
        {image: entry.sha256 for image, entry in read_manifest(Path(manifest)).items()}
        for manifest in manifests
    ]
    models = {prior: read_json(layout.training(prior))["sha256"] for prior in results.training}
    return fingerprint([texts, images, models])


class PlannedMaterial(Material):
    """Reads what the jobs of a plan left.

    Args:
        plan: the experiment.
    """

    def __init__(self, plan: Plan) -> None:
        self._plan = plan

    def prior(self, prior: str) -> Any:
        """Return a prior, fitted if it learns.

        Raises:
            ValueError: its fit failed.
            StorageError: the model is damaged.
        """
        chosen = self._plan.prior(prior)
        with seeded(derive_seed(self._plan.experiment.seed, "build", prior)):
            built = chosen.build()
        if chosen.spec.learns:
            training = read_json(self._plan.layout.training(prior))
            if training["status"] != Status.OK:
                raise ValueError(f"{prior} has no model: {training['reason']}")
            check_file(self._plan.layout.model(prior), training["sha256"])
            built.load(self._plan.layout.model(prior))
        return built

    def solver(self, prior: str, task: str) -> SolverSettings:
        """Return the settings of the splitting that a prior restored a task with."""
        tunings = self._plan.tunings.outputs(task, prior)
        return with_tuned(self._plan, prior, tunings).solver.within(self._plan.regimes(task))

    def psnr(self, task: str, restored: Image, clean: Image) -> float:
        """Return the PSNR in dB by the protocol of a task."""
        corruption = self._plan.task(task).build()
        rows, columns = corruption.border
        border, luma = (int(rows), int(columns)), bool(corruption.luminance)
        return psnr(*compared(to_array(restored.cpu()), to_array(clean), border, luma))

    def training_images(self, prior: str) -> Mapping[str, Image]:
        """Return the images that a prior learned from, each 1 × C × H × W."""
        return self.test_images(self._plan.prior(prior).train_on)

    def test_images(self, dataset: str) -> Mapping[str, Image]:
        """Return the clean images of a data set, each 1 × C × H × W; those that could not be read are left out."""
        manifest = read_manifest(self._plan.layout.images(dataset))
        for image, entry in manifest.items():
            if entry.outcome.ok:
                check_file(self._plan.layout.image(dataset, image), entry.sha256)
        return {
            image: read_tensor(self._plan.layout.image(dataset, image))
            for image, entry in manifest.items()
            if entry.outcome.ok
        }

    def problems(self, dataset: str, task: str) -> Mapping[str, tuple[Problem, Image]]:
        """Return each problem made from a data set, with the clean image that it was made from."""
        manifest = read_manifest(self._plan.layout.problems(dataset, task))
        corruption = self._plan.task(task).build()
        images = self.test_images(dataset)
        for image, entry in manifest.items():
            if entry.outcome.ok:
                check_file(self._plan.layout.problem(dataset, task, image), entry.sha256)
        return {
            image: (
                Problem.load(self._plan.layout.problem(dataset, task, image)),
                corruption.fit(images[image]),
            )
            for image, entry in manifest.items()
            if entry.outcome.ok
        }
