"""Stage ``restore``: one prior restores one chunk of problems. It never opens a clean image."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from priorbench.config.schema import Experiment
from priorbench.errors import raise_if_storage
from priorbench.jobs.evaluation import evaluate_of_problem, scoring_seed
from priorbench.jobs.log import in_words, say, say_that_another_works
from priorbench.jobs.pool import in_series
from priorbench.jobs.tuned import with_tuned
from priorbench.jobs.worker import available_threads, limit_threads, out_of_sight
from priorbench.plan import Plan
from priorbench.provenance import fingerprint
from priorbench.seeds import derive_seed, seed_everything
from priorbench.specs.solver_settings import SolverSettings
from priorbench.store.environment import write_environment
from priorbench.store.files import file_sha256, read_json, write_json, write_rows
from priorbench.store.locks import locked
from priorbench.store.manifest import Entry, check_file, read_manifest
from priorbench.store.outcome import OK, TIMEOUT, Outcome

if TYPE_CHECKING:
    from priorbench.problem import Problem


def restore(
    plan: Plan, dataset: str, task: str, prior: str, chunk: str, *, final: bool = True
) -> None:
    """Write the restorations of a chunk and one row of ``runs`` for each of its images.

    Images that an earlier attempt has finished, from the same problem, prior, model and seed, are not
    computed again. One whose process was killed goes on from the checkpoint that its prior has kept, if any.

    Args:
        plan: the experiment.
        dataset: id of the data set.
        task: id of the task.
        prior: id of the prior.
        chunk: number of the group of images.
        final: whether this is the last attempt, which turns an error of the machine into a failed row.

    Raises:
        MachineError: the process was killed and further attempts are left.
        StorageError: a disk is full, or a problem or the model is damaged.
    """
    with locked(
        Path(plan.layout.lock("restore", dataset, task, prior, chunk)), say_that_another_works
    ):
        _restore(plan, dataset, task, prior, chunk, final)


def _restore(plan: Plan, dataset: str, task: str, prior: str, chunk: str, final: bool) -> None:
    cell = _Cell(plan, dataset, task, prior)
    images = plan.chunk(dataset, prior, chunk)
    outcomes: dict[str, Outcome] = {}
    for image in images:
        known = cell.known_outcome(image)
        if known is not None:
            outcomes[image] = known
    waiting = [image for image in images if image not in outcomes]
    if len(waiting) < len(images):
        say(f"{cell.name}: {len(images) - len(waiting)} of {len(images)} need no computing")
    cell.check(waiting)
    limit_threads(cell.threads)
    arguments = (plan.experiment.model_dump(), dataset, task, prior)
    minutes = cell.prior.resources.minutes
    for image, ended in in_series(
        _work, arguments, waiting, stage="restore", minutes=minutes, final=final
    ):
        outcomes[image] = outcome = Outcome(**ended)
        if cell.known_outcome(image) is None:
            cell.discard(image)
        cell.checkpoint(image).unlink(missing_ok=True)
        say(f"{cell.name}/{image}: {outcome.reason or f'restored in {outcome.seconds:.2f} s'}")
    environment = write_environment(Path(plan.layout.environments()), packages=plan.packages)
    rows = [
        {**cell.row(image), **outcomes[image].as_dict(), "environment": environment}
        for image in images
    ]
    write_json(Path(plan.layout.cell_spec(dataset, task, prior)), cell.describe())
    write_rows(Path(plan.layout.runs(dataset, task, prior, chunk)), rows)


class _Cell:
    """One prior on one task of one data set."""

    def __init__(self, plan: Plan, dataset: str, task: str, prior: str) -> None:
        self.plan, self.dataset, self.task = plan, plan.dataset(dataset).id, plan.task(task).id
        self.prior = plan.prior(prior)
        self.name = f"{dataset}/{task}/{prior}"
        self.threads = available_threads(self.prior.resources.threads)
        self.problems = read_manifest(Path(plan.layout.problems(dataset, task)))
        self.training: dict[str, Any] = {}
        if self.prior.spec.learns:
            self.training = read_json(Path(plan.layout.training(prior)))
        self.tunings = [read_json(Path(file)) for file in plan.tunings.outputs(task, prior)]
        self.prior = with_tuned(plan, prior, self.tunings)

    def build_seed(self) -> int:
        """The seed of what the prior draws when it is made, which is done once for all images of a job."""
        return derive_seed(self.plan.experiment.seed, "build", self.prior.id)

    def seed(self, image: str) -> int:
        return derive_seed(self.plan.experiment.seed, self.dataset, image, self.task, self.prior.id)

    @property
    def solver(self) -> SolverSettings:
        """The settings of the splitting that the task's problems may need."""
        return self.prior.solver.within(self.plan.regimes(self.task))

    def solver_origin(self, problem: Problem) -> str:
        """Where the settings of the splitting that restored a problem come from."""
        from priorbench.solvers.continuation import regime

        kind = regime(problem)
        if kind not in self.plan.regimes(self.task):
            return ""
        origin = self.prior.solver_origins[kind]
        # A tuning that found nothing to choose leaves the prior as it came.
        return "prior" if origin == "tuned" and not self.solver.of(kind).is_set else origin

    def path(self, image: str, suffix: str) -> Path:
        return Path(
            self.plan.layout.restored(self.dataset, self.task, self.prior.id, f"{image}{suffix}")
        )

    def checkpoint(self, image: str) -> Path:
        return Path(
            self.plan.layout.restoration_checkpoint(self.dataset, self.task, self.prior.id, image)
        )

    def key(self, image: str) -> str:
        """What a restoration depends on."""
        problem = self.problems[image].sha256
        return fingerprint(
            [
                self.plan.fingerprints.stage("restore"),
                self.prior.fingerprint,
                self.solver.as_dict(),
                self.training.get("sha256"),
                problem,
                self.seed(image),
                self.threads,
            ]
        )

    def known_outcome(self, image: str) -> Outcome | None:
        """Return how an image ended before this job, or None if it has to be computed."""
        problem = self.problems.get(
            image, Entry(Outcome("failed", "corrupt", "there is no such problem"))
        )
        if not problem.outcome.ok:
            return problem.outcome
        earlier = [("training", self.training), *(("tuning", each) for each in self.tunings)]
        for name, before in earlier:
            if before and before["status"] != OK:
                fields = {key: before[key] for key in ("status", "stage", "traceback")}
                return Outcome(**fields, reason=f"{name}: {before['reason']}")
        record, restored = self.path(image, ".json"), self.path(image, ".png")
        try:
            saved = read_json(record)
            outcome = Outcome(**saved["outcome"])
            # What stopped at its time limit may go further with another one.
            same_limit = outcome.ok or saved["minutes"] == self.prior.resources.minutes
            if (
                same_limit
                and saved["key"] == self.key(image)
                and saved["sha256"] == file_sha256(restored)
            ):
                return outcome
        except (OSError, ValueError, KeyError, TypeError):
            pass
        return None

    def check(self, images: list[str]) -> None:
        """Refuse to restore what is not what was made: a wrong result would look like any other.

        Raises:
            StorageError: a problem or the model is damaged.
        """
        for image in images:
            problem = Path(self.plan.layout.problem(self.dataset, self.task, image))
            check_file(problem, self.problems[image].sha256)
        if self.training and images:
            check_file(Path(self.plan.layout.model(self.prior.id)), self.training["sha256"])

    def keep(self, image: str, outcome: Outcome) -> None:
        """Record that an image is finished, so that no later attempt repeats it."""
        record = {
            "key": self.key(image),
            "sha256": file_sha256(self.path(image, ".png")),
            "minutes": self.prior.resources.minutes,
            "outcome": outcome.as_dict(),
        }
        write_json(self.path(image, ".json"), record)

    def measure(self, image: str) -> None:
        """Add the metrics that need no clean image to an image's record, so that scoring it needs no torch."""
        measured = {}
        for name in self.plan.metrics:
            code = self.plan.fingerprints.metric(name)
            metric = self.plan.registry.metrics[name]
            if metric.record.of_problem:
                problem = Path(self.plan.layout.problem(self.dataset, self.task, image))
                seed = scoring_seed(self.plan.experiment.seed, self.dataset, self.task, image, name)
                found = evaluate_of_problem(
                    metric, self.plan.task(self.task), problem, self.path(image, ".png"), seed
                )
                measured[name] = {"fingerprint": code, **asdict(found)}
        if measured:
            record = self.path(image, ".json")
            write_json(record, {**read_json(record), "measured": measured})

    def discard(self, image: str) -> None:
        """Remove what an earlier attempt has left of an image that gave none now."""
        for suffix in (".json", ".png", ".npz", ".csv"):
            self.path(image, suffix).unlink(missing_ok=True)

    def row(self, image: str) -> dict[str, Any]:
        return {
            "experiment": self.plan.experiment.experiment,
            "dataset": self.dataset,
            "image": image,
            "task": self.task,
            "prior": self.prior.id,
            "training_seconds": self.training.get("seconds"),
            "threads": self.threads,
            "seed": self.seed(image),
            "fingerprint": self.plan.fingerprints.restored(self.dataset, self.task, self.prior.id),
            "source": "measured",
        }

    def describe(self) -> dict[str, Any]:
        return {
            "dataset": self.dataset,
            "task": self.plan.task(self.task).describe(),
            "prior": self.prior.describe(),
            "solver": self.solver.as_dict(),
            "model": self.training.get("sha256"),
            "seed": self.plan.experiment.seed,
            "threads": self.threads,
        }


def _work(
    send: Callable[[Any], None],
    experiment: dict[str, Any],
    dataset: str,
    task: str,
    name: str,
    images: list[str],
) -> None:
    """Restore in the worker's process: send a word before each image and its outcome after it."""
    import torch

    plan = Plan(Experiment.model_validate(experiment))
    cell = _Cell(plan, dataset, task, name)
    torch.set_num_threads(cell.threads)
    seed_everything(cell.build_seed())
    try:
        plan.task(task).entry.load()  # Makes the task's operators known.
        prior = cell.prior.build()
        if cell.prior.spec.learns:
            model = Path(plan.layout.model(name)).absolute()
            with out_of_sight():
                prior.load(model)
        unusable = None
    except (Exception, SystemExit) as error:
        raise_if_storage(error)
        unusable = Outcome.of_exception(error, "restore")
        say(unusable.traceback)
    restored: list[str] = []
    for image in images:
        send(("begin", image, None))
        outcome = unusable or _restore_one(cell, prior, image)
        if not outcome.ok:
            say(outcome.traceback or outcome.reason)
        send(("end", image, outcome.as_dict()))
        if outcome.status in (OK, TIMEOUT):
            restored.append(image)
    # A metric's code may be anybody's: it runs when no restoration can be lost by it any more.
    for image in restored:
        cell.measure(image)


def _restore_one(cell: _Cell, prior: object, image: str) -> Outcome:
    """Restore one image, write what came out and record it, the best estimate of a prior that stopped in time too.

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

    limit = 60 * cell.prior.resources.minutes
    deadline = deadline_within(limit)
    spoken = time.monotonic()

    def progress(fraction: float, /, **values: float) -> None:
        nonlocal spoken
        if time.monotonic() - spoken > 5:
            spoken = time.monotonic()
            done = f"{cell.name}/{image}: {fraction:.0%}"
            say(f"{done}, {in_words(values)}" if values else done)

    # What an earlier version of the prior kept beside its image is not this one's.
    cell.discard(image)
    try:
        device = available_device(cell.prior.resources.gpus)
        problem = Problem.load(Path(cell.plan.layout.problem(cell.dataset, cell.task, image))).to(
            device
        )
        checkpoint = Checkpoint(cell.checkpoint(image).absolute(), cell.key(image))
        context = Context.seeded(
            cell.seed(image), progress, checkpoint, device, deadline, cell.solver
        )
        with out_of_sight():
            outcome, result = solve(prior, problem, context, cell.seed(image), "restore", limit)
        if outcome.solver:
            outcome = replace(outcome, solver_origin=cell.solver_origin(problem))
        if outcome.status not in (OK, TIMEOUT):
            return outcome
        write_tensor(cell.path(image, ".png"), result.image)
        write_extras(result, cell.path(image, ""))
        cell.keep(image, outcome)
    except (Exception, SystemExit) as error:
        raise_if_storage(error)
        return Outcome.of_exception(error, "restore")
    return outcome
