"""Stage ``restore``: one prior restores one chunk of problems. It never opens a clean image."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from functools import cache, partial
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

from priorbench.config import Experiment
from priorbench.errors import raise_if_storage
from priorbench.jobs.evaluation import evaluate_of_problem, scoring_seed
from priorbench.jobs.log import PacedLog, in_words, say, say_that_it_waits
from priorbench.jobs.pool import Begun, Done, run_each
from priorbench.jobs.ready import ready, with_tuned
from priorbench.jobs.worker import available_threads, limit_threads, out_of_sight
from priorbench.plan import Plan, PriorPlan
from priorbench.provenance import fingerprint
from priorbench.seeds import derive_seed
from priorbench.specs.solver_settings import SolverSettings
from priorbench.store.cell import Cell
from priorbench.store.chunk import Chunk
from priorbench.store.environment import write_environment
from priorbench.store.files import read_json, write_json, write_rows
from priorbench.store.locks import locked
from priorbench.store.manifest import Entry, check_file, read_manifest
from priorbench.store.memo import Memo
from priorbench.store.outcome import Outcome
from priorbench.store.status import Status

if TYPE_CHECKING:
    from priorbench.problem import Problem

NO_PROBLEM = Entry(Outcome(Status.FAILED, "corrupt", "there is no such problem"))
NO_FIT = Outcome(Status.OK, "train")
"""The fit of a prior that does not learn, which costs nothing."""
RESTORED = (Status.OK, Status.TIMEOUT)
"""How a restoration ended that gave an image: what stops at its limit gives its best estimate."""


def restore(plan: Plan, chunk: Chunk, *, final: bool = True) -> None:
    """Write the restorations of a chunk and one row of ``runs`` for each of them.

    Those that an earlier attempt has finished, from the same problem, prior, model and seed, are
    not computed again. One whose worker was killed goes on from the checkpoint that its prior has
    kept, if any.

    Args:
        plan: the experiment.
        chunk: what is restored.
        final: whether this is the last attempt, which turns an error of the machine into a failed
            row.

    Raises:
        MachineError: the worker was killed and further attempts are left.
        StorageError: a disk is full, or a problem or the model is damaged.
    """
    with locked(plan.layout.lock("restore", chunk), say_that_it_waits):
        work = {part.cell: _Restorations(plan, part.cell) for part in chunk.parts}
        outcomes: dict[tuple[Cell, str], Outcome] = {}
        missing: list[tuple[Cell, str]] = []
        for cell, image in chunk.restorations():
            outcome = work[cell].known(image)
            if outcome:
                outcomes[cell, image] = outcome
            else:
                missing.append((cell, image))
        if outcomes:
            say(f"{chunk}: {len(outcomes)} of {len(chunk)} restorations are up to date")
        for cell, image in missing:
            work[cell].check(image)
            # What another version of the prior has left is not this one's.
            work[cell].discard(image)
        resources = plan.prior(chunk.prior).resources
        limit_threads(available_threads(resources.threads))
        for (cell, image), outcome in run_each(
            _restore_each,
            (plan.experiment,),
            missing,
            lost=lambda outcome: outcome,
            stage="restore",
            minutes=resources.minutes,
            final=final,
            group=lambda restoration: restoration[0],
        ):
            outcomes[cell, image] = outcome
            work[cell].remove_leftovers(image)
            say(f"{cell}/{image}: {outcome.reason or f'restored in {outcome.seconds:.2f} s'}")
        environment = write_environment(plan.layout.environments(), packages=plan.packages)
        rows = [
            {
                **work[cell].row(image),
                **outcomes[cell, image].as_dict(),
                "environment": environment,
            }
            for cell, image in chunk.restorations()
        ]
        for cell, restorations in work.items():
            write_json(plan.layout.cell_spec(cell), restorations.describe())
        write_rows(plan.layout.runs(chunk), rows)


class _Restorations:
    """The restorations of a cell: what each depends on, and what is known of it.

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
        return self.layout.problem(self.cell.dataset, self.cell.task, image)

    def restored(self, image: str) -> Path:
        return self.layout.restored(self.cell, f"{image}.png")

    def checkpoint(self, image: str) -> Path:
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

    def keep(self, image: str, outcome: Outcome) -> None:
        """Record that an image is finished, so that no later attempt repeats it."""
        minutes = self.prior.resources.minutes
        self.memo(image).keep(minutes=minutes, outcome=outcome.as_dict())

    def discard(self, image: str) -> None:
        """Remove what an earlier attempt has left of an image."""
        for suffix in (".json", ".png", ".npz", ".csv"):
            self.layout.restored(self.cell, f"{image}{suffix}").unlink(missing_ok=True)

    def remove_leftovers(self, image: str) -> None:
        """Remove what belongs to no finished restoration; its record is written last."""
        if not self.layout.restored(self.cell, f"{image}.json").exists():
            self.discard(image)
        self.checkpoint(image).unlink(missing_ok=True)

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
        return {
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
        return {
            "dataset": self.cell.dataset,
            "task": self.plan.task(self.cell.task).describe(),
            "prior": self.prior.describe(),
            "solver": self.solver.as_dict(),
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


def _restore_each(
    send: Callable[[Any], None],
    experiment: Experiment,
    restorations: list[tuple[Cell, str]],
) -> None:
    """Restore in the worker's process; a cell's images follow one another."""
    import torch

    plan = Plan(experiment)
    loaded = _Loaded(plan)
    restored: list[tuple[_Restorations, str]] = []
    for cell, items in groupby(restorations, key=lambda restoration: restoration[0]):
        work = _Restorations(plan, cell)
        torch.set_num_threads(work.threads)
        prior, unusable = None, None
        try:
            plan.task(cell.task).entry.load()  # Makes the task's operators known.
            prior = loaded.prior(work.prior)
        except (Exception, SystemExit) as error:
            raise_if_storage(error)
            unusable = Outcome.of_exception(error, "restore")
            say(unusable.traceback)
        for _, image in items:
            send(Begun())
            outcome = unusable or _restore_image(work, prior, image)
            if not outcome.ok:
                say(outcome.traceback or outcome.reason)
            send(Done(outcome))
            if outcome.status in RESTORED:
                restored.append((work, image))
    # A metric's code may be anybody's: it runs when no restoration can be lost by it any more.
    for work, image in restored:
        work.measure(image)


class _Loaded:
    """The prior that a worker has loaded, for tasks that need the same.

    Tunings give a prior other parameters for another task: it is then loaded with these, in the
    place of the one before.

    Args:
        plan: the experiment.
    """

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._parameters: Mapping[str, Any] | None = None
        self._prior: Any = None

    def prior(self, wanted: PriorPlan) -> Any:
        """Return the object of a prior.

        Raises:
            Exception: whatever the prior raises.
        """
        if self._parameters != wanted.parameters:
            self._parameters = None
            self._prior = None
            self._prior = ready(self._plan, wanted)
            self._parameters = wanted.parameters
        return self._prior


def _restore_image(work: _Restorations, prior: object, image: str) -> Outcome:
    """Restore one image, write what came out, and record it.

    Raises:
        StorageError: it can't be written.
    """
    from priorbench.data.tensors import write_tensor
    from priorbench.jobs.attempt import solve
    from priorbench.jobs.deadline import deadline_within
    from priorbench.jobs.device import available_device
    from priorbench.jobs.extras import write_extras
    from priorbench.priors import Context
    from priorbench.problem import Problem
    from priorbench.store.checkpoints import Checkpoint

    limit = 60 * work.prior.resources.minutes
    deadline = deadline_within(limit)
    lines = PacedLog(5)

    def progress(fraction: float, /, **values: float) -> None:
        share = f"{work.cell}/{image}: {fraction:.0%}"
        lines.say(lambda: f"{share}, {in_words(values)}" if values else share)

    seed = work.seed(image)
    try:
        device = available_device(work.prior.resources.gpus)
        problem = Problem.load(work.problem(image)).to(device)
        checkpoint = Checkpoint(work.checkpoint(image).absolute(), work.key(image))
        context = Context.seeded(seed, progress, checkpoint, device, deadline, work.solver)
        with out_of_sight():
            outcome, result = solve(prior, problem, context, seed, "restore", limit)
        if outcome.solver:
            outcome = replace(outcome, solver_origin=work.solver_origin(problem))
        if outcome.status in RESTORED:
            write_tensor(work.restored(image), result.image)
            write_extras(result, work.layout.restored(work.cell, image))
            work.keep(image, outcome)
    except (Exception, SystemExit) as error:
        raise_if_storage(error)
        return Outcome.of_exception(error, "restore")
    return outcome
