"""What each result of an experiment depends on, as one value.

The fingerprint of a result holds those of all that it is made from, down to the content of the
input files. It is known before anything runs, is a parameter of the result's rule, and is written
beside the result: so what is out of date is found even where Snakemake remembers nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import fields
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from priorbench.plan.code import Code
from priorbench.plan.tuning import regime_of
from priorbench.provenance import content_digests, fingerprint
from priorbench.specs import Spec
from priorbench.store.cell import Cell
from priorbench.store.chunk import Chunk

if TYPE_CHECKING:
    from priorbench.plan.plan import Plan


SITE = Path(__file__).parents[1] / "site"
PAGE = SITE / "templates", SITE / "assets"
"""The folders of the page's templates, and of its scripts and styles."""


class Fingerprints:
    """The fingerprints of a plan's results.

    Args:
        plan: the experiment.
        code: of its plugins.
    """

    def __init__(self, plan: Plan, code: Code) -> None:
        self._plan = plan
        self._code = code
        self._seed = plan.experiment.seed
        # Thousands of jobs share what they are made from.
        self.images = cache(self._images)
        self.problems = cache(self._problems)
        self.training = cache(self._training)
        self.metric = cache(self._metric)
        self.restored = cache(self._restored)

    def stage(self, name: str) -> str:
        """Return that of a stage's code alone."""
        return self._code.stage(name)

    def tuning(self, target: str, prior: str) -> str:
        """Return that of a tuning of a prior.

        Args:
            target: id of the task that its parameters are tuned for, or a regime of its splitting.
            prior: id of the prior.
        """
        chosen = self._plan.prior(prior)
        return fingerprint(
            [
                self.tuning_settings(target, prior),
                self.images(chosen.tune_on),
                self._trained(prior),
                self._seed,
            ]
        )

    def tuning_settings(self, target: str, prior: str) -> str:
        """Return that of a tuning without the images and the model that it gets."""
        plan = self._plan
        chosen = plan.prior(prior)
        return fingerprint(
            [
                self._code.stage("tune"),
                chosen.fingerprint,
                [
                    [candidate.parameters, candidate.solver.as_dict()]
                    for candidate in plan.tunings.candidates(target, prior)
                ],
                chosen.tune_on,
                [task.fingerprint for task in plan.tunings.tasks(target)],
                [] if regime_of(target) else self._solver(target, prior),
                self.contents(plan.tunings.files(target)),
                plan.experiment.tuning.model_dump(),
            ]
        )

    def runs(self, chunk: Chunk) -> str:
        """Return that of the restorations of a job."""
        return fingerprint([[self.restored(part.cell), part.images] for part in chunk.parts])

    def scores(self, chunk: Chunk) -> str:
        """Return that of the scores of a job, in all metrics."""
        metrics = {name: self.metric(name) for name in self._plan.metrics}
        return fingerprint([self.runs(chunk), metrics])

    def score(self, cell: Cell, metric: str) -> str:
        """Return that of a prior's scores in one metric."""
        return fingerprint([self.restored(cell), self.metric(metric)])

    def study(self, name: str) -> str:
        """Return that of a study: its code, and the priors, tasks and metrics that it looks at.

        The rows and models that it gets are compared by their content, see
        :mod:`priorbench.stages.study`.
        """
        plan, study = self._plan, self._plan.study(name)
        priors = [plan.prior(prior) for prior in study.priors]
        tasks = [plan.task(task) for task in study.tasks]
        metrics = {metric: self.metric(metric) for metric in study.metrics}
        return fingerprint(
            [
                self._code.stage("study"),
                self._code.spec(study.entry),
                [study.spec.summary, study.spec.caption],
                [[prior.id, prior.label, prior.fingerprint, prior.train_on] for prior in priors],
                [[task.id, task.label, task.fingerprint] for task in tasks],
                metrics,
                plan.test,
            ]
        )

    def shown(self, stage: str) -> str:
        """Return that of tables, figures or the site, apart from the rows: code and what things
        are called.

        Args:
            stage: ``tabulate``, ``draw`` or ``site``.
        """
        plan = self._plan
        metrics = [
            {field.name: getattr(spec, field.name) for field in fields(spec)} | {"factory": ""}
            for spec in plan.metrics.values()
        ]
        baselines = [prior.id for prior in plan.priors.values() if prior.spec.baseline]
        return fingerprint([self._code.stage(stage), plan.labels, baselines, metrics, plan.test])

    def catalogued(self) -> str:
        """Return that of what the catalogue of the results tells beside their names."""
        plan = self._plan
        specs: list[tuple[str, Spec, Mapping[str, Any]]] = [
            *((prior.id, prior.spec, prior.parameters) for prior in plan.priors.values()),
            *((task.id, task.spec, task.parameters) for task in plan.tasks.values()),
            *((name, plan.datasets[name].source.spec, {}) for name in plan.test),
        ]
        return fingerprint(
            [[name, spec.summary, spec.reference, known] for name, spec, known in specs]
        )

    def site(self) -> str:
        """Return that of the site, apart from the rows and tables: its code, the page's own files,
        and what it says of priors, tasks and studies.
        """
        plan = self._plan
        studies = [[study.spec.summary, study.spec.caption] for study in plan.studies.values()]
        files = [path for part in PAGE for path in sorted(part.rglob("*")) if path.is_file()]
        names = [path.relative_to(SITE).as_posix() for path in files]
        page = [names, self.contents(map(str, files))]
        return fingerprint([self.shown("site"), self.catalogued(), studies, page])

    def contents(self, files: Iterable[str]) -> list[str]:
        """Return the checksums of input files, in order."""
        return list(content_digests(map(Path, files)).values())

    def _images(self, dataset: str) -> str:
        data = self._plan.dataset(dataset)
        return fingerprint(
            [self._code.stage("prepare"), data.fingerprint, self.contents(data.files)]
        )

    def _problems(self, dataset: str, task: str) -> str:
        return fingerprint(
            [
                self._code.stage("corrupt"),
                self._plan.task(task).fingerprint,
                self.contents(self._plan.task_files(task)),
                self.images(dataset),
                dataset,
                self._seed,
            ]
        )

    def _training(self, prior: str) -> str:
        chosen = self._plan.prior(prior)
        return fingerprint(
            [
                self._code.stage("train"),
                chosen.fingerprint,
                self.images(chosen.train_on),
                self._seed,
            ]
        )

    def _trained(self, prior: str) -> str:
        return self.training(prior) if self._plan.prior(prior).spec.learns else ""

    def _restored(self, cell: Cell) -> str:
        task, prior = cell.task, cell.prior
        tuned = task in self._plan.tunings.targets(task, prior)
        return fingerprint(
            [
                self._code.stage("restore"),
                self._plan.prior(prior).fingerprint,
                self.problems(cell.dataset, task),
                self._trained(prior),
                self._solver(task, prior),
                self.tuning(task, prior) if tuned else "",
                *self._plan.experiment.sampling,
            ]
        )

    def _solver(self, task: str, prior: str) -> list[Any]:
        """Return the settings of a prior's splitting that the restorations of a task depend on."""
        plan = self._plan
        settings = plan.prior(prior).solver.within(plan.regimes(task))
        tunings = [self.tuning(target, prior) for target in plan.tunings.of_solver(task, prior)]
        return [settings.as_dict(), tunings]

    def _metric(self, name: str) -> str:
        entry = self._plan.registry.metrics[name]
        return fingerprint([self._code.stage("score"), self._code.spec(entry)])
