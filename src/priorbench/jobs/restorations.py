"""The restorations of a cell: what each depends on, where it lies, and what is known of it."""

from __future__ import annotations

from dataclasses import asdict
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from priorbench.jobs.evaluation import evaluate_of_problem, scoring_seed
from priorbench.jobs.ready import with_tuned
from priorbench.jobs.worker import available_threads
from priorbench.plan import Plan
from priorbench.provenance import fingerprint
from priorbench.seeds import derive_seed
from priorbench.specs.solver_settings import SolverSettings
from priorbench.store.cell import Cell
from priorbench.store.files import read_json, write_json
from priorbench.store.manifest import Entry, check_file, read_manifest
from priorbench.store.memo import Memo
from priorbench.store.outcome import Outcome
from priorbench.store.sampling import NONE_ASKED, Sampling, SamplingMemo
from priorbench.store.status import Status

if TYPE_CHECKING:
    from priorbench.problem import Problem

NO_PROBLEM = Entry(Outcome(Status.FAILED, "corrupt", "there is no such problem"))
NO_FIT = Outcome(Status.OK, "train")
"""The fit of a prior that does not learn, which costs nothing."""


class Restorations:
    """The restorations of a cell, and the samples beside them.

    Args:
        plan: the experiment.
        cell: data set, task and prior.
    """

    def __init__(self, plan: Plan, cell: Cell) -> None:
        self.plan, self.cell, self.layout = plan, cell, plan.layout
        tunings = plan.tunings.outputs(cell.task, cell.prior)
        self.prior = with_tuned(plan, cell.prior, tunings)
        self.solver: SolverSettings = self.prior.solver.within(plan.regimes(cell.task))
        self.threads = available_threads(self.prior.resources.threads)
        self._problems = read_manifest(plan.layout.problems(cell.dataset, cell.task))
        trainings = plan.model_files(cell.prior)
        self.samples, self.sampler = plan.experiment.samples, plan.experiment.sampler
        self._model = next((read_json(file)["sha256"] for file in trainings), None)
        fits = [Outcome.from_dict(read_json(file)) for file in trainings]
        self._fit = fits[0] if fits else NO_FIT
        self._failed_before = _failed_before(trainings, tunings)
        # A model is read once for all images.
        self._check_model = cache(partial(check_file, self.layout.model(self.prior.id)))

    def known(self, image: str) -> Outcome | None:
        """Return how an image ended before this job, or None if it has to be restored."""
        problem = self._problems.get(image, NO_PROBLEM).outcome
        if not problem.ok:
            return problem
        if self._failed_before:
            return self._failed_before
        outcome = self.recorded(image)
        return None if outcome and self.lacks_samples(image, outcome) else outcome

    def recorded(self, image: str) -> Outcome | None:
        """Return how the restoration of an image ended in an earlier attempt, None if it has to be
        done.
        """
        record = self.memo(image).recall()
        if record is None:
            return None
        outcome = Outcome.from_dict(record["outcome"])
        # What stopped at its time limit may go further with another one.
        same_limit = outcome.ok or record["minutes"] == self.prior.resources.minutes
        return outcome if same_limit else None

    def check(self, image: str) -> None:
        """Refuse to restore what is not what was made: a wrong result would look like any other.

        Raises:
            StorageError: a problem or the model is damaged.
        """
        check_file(self.problem(image), self._problems[image].sha256)
        if self._model:
            self._check_model(self._model)

    def problem(self, image: str) -> Path:
        """The file of a problem."""
        return self.layout.problem(self.cell.dataset, self.cell.task, image)

    def restored(self, image: str) -> Path:
        """The file of a restored image."""
        return self.layout.restored(self.cell, f"{image}.png")

    def checkpoint(self, image: str) -> Path:
        """The state of a restoration that is not finished."""
        return self.layout.restoration_checkpoint(self.cell, image)

    def seed(self, image: str) -> int:
        """The seed of all that is drawn for one image."""
        cell = self.cell
        return derive_seed(self.plan.experiment.seed, cell.dataset, image, cell.task, cell.prior)

    def key(self, image: str) -> str:
        """What a restoration depends on."""
        return fingerprint(
            [
                self.plan.fingerprints.stage("restore"),
                self.prior.fingerprint,
                self.solver.as_dict(),
                self._model,
                self._problems[image].sha256,
                self.seed(image),
                self.threads,
            ]
        )

    def memo(self, image: str) -> Memo:
        """The record of a finished restoration."""
        restored = self.restored(image)
        return Memo(restored.with_suffix(".json"), self.key(image), [restored])

    def lacks_samples(self, image: str, outcome: Outcome) -> bool:
        """Return whether samples have to be drawn beside a restoration that ended like this."""
        if not self.samples or not outcome.ok:
            return False
        sampling = self.sampling_memo(image).recall()
        return sampling is None or sampling.status not in (Status.OK, Status.UNSUPPORTED)

    def settled(self, image: str, outcome: Outcome) -> Outcome:
        """Return how a restoration ended, given how the worker's item did.

        A worker that was lost while it drew samples leaves the restoration as it is.
        """
        recorded = self.recorded(image)
        if recorded is None or outcome.ok:
            return outcome
        if self.lacks_samples(image, recorded):
            self.sampling_memo(image).keep(Sampling.of_failure(outcome))
        return recorded

    def samples_file(self, image: str) -> Path:
        """The file of an image's samples."""
        return self.layout.samples(self.cell, image)

    def sampling_key(self, image: str) -> str:
        """What the samples of an image depend on."""
        return fingerprint([self.key(image), *self.plan.experiment.sampling])

    def sampling_memo(self, image: str) -> SamplingMemo:
        """The record of an image's samples."""
        record = self.layout.samples_record(self.cell, image)
        return SamplingMemo(record, self.samples_file(image), self.sampling_key(image))

    def sampling_seed(self, image: str, number: int) -> int:
        """The seed of all that is drawn for one sample."""
        return derive_seed(self.seed(image), "sample", str(number))

    def keep(self, image: str, outcome: Outcome) -> None:
        """Record that an image is finished, so that no later attempt repeats it."""
        minutes = self.prior.resources.minutes
        self.memo(image).keep(minutes=minutes, outcome=outcome.as_dict())

    def discard(self, image: str) -> None:
        """Remove what an earlier attempt has left of an image."""
        for suffix in (".json", ".png", ".npz", ".csv"):
            self.layout.restored(self.cell, f"{image}{suffix}").unlink(missing_ok=True)
        self.samples_file(image).unlink(missing_ok=True)
        self.layout.samples_record(self.cell, image).unlink(missing_ok=True)

    def remove_leftovers(self, image: str) -> None:
        """Remove what belongs to no finished restoration; its record is written last."""
        if not self.layout.restored(self.cell, f"{image}.json").exists():
            self.discard(image)
        self.checkpoint(image).unlink(missing_ok=True)
        self.layout.samples_checkpoint(self.cell, image).unlink(missing_ok=True)

    def measure(self, image: str) -> None:
        """Add the metrics that need no clean image to a record, so that scoring needs no torch."""
        plan, cell = self.plan, self.cell
        measured = {}
        for name in plan.metrics:
            metric = plan.registry.metrics[name]
            if metric.spec.of_problem:
                seed = scoring_seed(plan.experiment.seed, cell.dataset, cell.task, image, name)
                evaluation = evaluate_of_problem(
                    metric, plan.task(cell.task), self.problem(image), self.restored(image), seed
                )
                code = plan.fingerprints.metric(name)
                measured[name] = {"fingerprint": code, **asdict(evaluation)}
        if measured:
            record = self.restored(image).with_suffix(".json")
            write_json(record, {**read_json(record), "measured": measured}, durable=False)

    def solver_origin(self, problem: Problem) -> str:
        """Where the settings of the splitting that restored a problem come from."""
        from priorbench.solvers.continuation import regime

        kind = regime(problem)
        if kind not in self.plan.regimes(self.cell.task):
            return ""
        origin = self.prior.solver_origins[kind]
        # A tuning that found nothing to choose leaves the prior as it came.
        return "prior" if origin == "tuned" and not self.solver.of(kind).is_set else origin

    def row(self, image: str) -> dict[str, Any]:
        """The columns of a row of ``runs`` that do not come from the outcome."""
        # One that was not restored has no samples.
        restored = self.samples and image in self._problems and self._problems[image].outcome.ok
        sampling = self.sampling_memo(image).recall() if restored else None
        return {
            **(sampling or NONE_ASKED).row,
            "experiment": self.plan.experiment.experiment,
            "dataset": self.cell.dataset,
            "image": image,
            "task": self.cell.task,
            "prior": self.cell.prior,
            "training_seconds": self._fit.seconds,
            "training_processor_seconds": self._fit.processor_seconds,
            "training_device_memory_mb": self._fit.device_memory_mb,
            "threads": self.threads,
            "seed": self.seed(image),
            "fingerprint": self.plan.fingerprints.restored(self.cell),
            "source": "measured",
        }

    def describe(self) -> dict[str, Any]:
        """What the restorations come from, as plain data."""
        return {
            "dataset": self.cell.dataset,
            "task": self.plan.task(self.cell.task).describe(),
            "prior": self.prior.describe(),
            "solver": self.solver.as_dict(),
            "samples": self.samples,
            "sampler": self.sampler,
            "model": self._model,
            "seed": self.plan.experiment.seed,
            "threads": self.threads,
        }


def _failed_before(trainings: list[Path], tunings: list[Path]) -> Outcome | None:
    """Return the outcome of restorations whose training or tuning failed, or None."""
    earlier = [("training", file) for file in trainings] + [("tuning", file) for file in tunings]
    for what, file in earlier:
        outcome = Outcome.from_dict(read_json(file))
        if not outcome.ok:
            return outcome.of_dependency(what)
    return None
