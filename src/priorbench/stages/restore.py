"""Stage ``restore``: one prior restores one chunk of problems. It never opens a clean image."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from priorbench.config import Experiment
from priorbench.errors import MachineError
from priorbench.files import file_sha256, read_json, write_json, write_rows
from priorbench.fingerprint import fingerprint
from priorbench.plan import MODEL_LOADING_MINUTES, Plan
from priorbench.results.environment import write_environment
from priorbench.seeds import derive_seed
from priorbench.stages.log import say
from priorbench.stages.manifest import Entry, read_manifest
from priorbench.stages.measure import Measure
from priorbench.stages.outcome import DIVERGED, OK, Outcome
from priorbench.stages.worker import WorkerDied, WorkerTimeout, available_threads, limit_threads, messages


def restore(plan: Plan, dataset: str, task: str, prior: str, chunk: str, *, final: bool = True) -> None:
    """Write the restorations of a chunk and one row of ``runs`` for each of its images.

    Images that an earlier attempt has finished, from the same problem, prior, model and seed, are not
    computed again.

    Args:
        plan: the experiment.
        dataset: id of the data set.
        task: id of the task.
        prior: id of the prior.
        chunk: number of the group of images.
        final: whether this is the last attempt, which turns an error of the machine into a failed row.

    Raises:
        MachineError: the process was killed and further attempts are left.
    """
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
    for image, outcome in _restore_all(cell, waiting, final):
        outcomes[image] = outcome
        say(f"{cell.name}/{image}: {outcome.reason or f'restored in {outcome.seconds:.2f} s'}")
    environment = write_environment(Path(plan.layout.environments()))
    rows = [{**cell.row(image), **outcomes[image].as_dict(), "environment": environment} for image in images]
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

    def seed(self, image: str) -> int:
        return derive_seed(self.plan.experiment.seed, self.dataset, image, self.task, self.prior.id)

    def path(self, image: str, suffix: str) -> Path:
        return Path(self.plan.layout.restored(self.dataset, self.task, self.prior.id, f"{image}{suffix}"))

    def key(self, image: str) -> str:
        """What a restoration depends on."""
        problem = self.problems[image].sha256
        return fingerprint(
            [self.prior.fingerprint, self.training.get("sha256"), problem, self.seed(image), self.threads]
        )

    def known_outcome(self, image: str) -> Outcome | None:
        """Return how an image ended before this job, or None if it has to be computed."""
        problem = self.problems.get(image, Entry(Outcome("failed", "corrupt", "there is no such problem")))
        if not problem.outcome.ok:
            return problem.outcome
        if self.training and self.training["status"] != OK:
            fields = {key: self.training[key] for key in ("status", "stage", "traceback")}
            return Outcome(**fields, reason=f"training: {self.training['reason']}")
        record, restored = self.path(image, ".json"), self.path(image, ".png")
        try:
            saved = read_json(record)
            if saved["key"] == self.key(image) and saved["sha256"] == file_sha256(restored):
                return Outcome(**saved["outcome"])
        except (OSError, ValueError, KeyError, TypeError):
            pass
        return None

    def keep(self, image: str, outcome: Outcome) -> None:
        """Record that an image is finished, so that no later attempt repeats it."""
        sha256 = file_sha256(self.path(image, ".png"))
        write_json(self.path(image, ".json"), {"key": self.key(image), "sha256": sha256, "outcome": outcome.as_dict()})

    def discard(self, image: str) -> None:
        """Remove what an earlier attempt has left of an image that failed now."""
        for suffix in (".json", ".png", ".npz", ".csv"):
            self.path(image, suffix).unlink(missing_ok=True)

    def row(self, image: str) -> dict[str, Any]:
        return {
            "experiment": self.plan.experiment.experiment,
            "dataset": self.dataset,
            "image": image,
            "task": self.task,
            "prior": self.prior.id,
            "threads": self.threads,
            "seed": self.seed(image),
            "fingerprint": self.prior.fingerprint,
            "source": "measured",
        }

    def describe(self) -> dict[str, Any]:
        return {
            "dataset": self.dataset,
            "task": self.plan.task(self.task).describe(),
            "prior": self.prior.describe(),
            "model": self.training.get("sha256"),
            "seed": self.plan.experiment.seed,
            "threads": self.threads,
        }


def _restore_all(cell: _Cell, images: list[str], final: bool) -> Iterator[tuple[str, Outcome]]:
    """Yield how each image ended. A worker that is lost costs one image; a new one takes the rest."""
    limit_threads(cell.threads)
    waiting = list(images)
    while waiting:
        arguments = (cell.plan.experiment.model_dump(), cell.dataset, cell.task, cell.prior.id, waiting)
        current, limit = None, 60 * cell.prior.resources.minutes
        try:
            for kind, image, outcome in messages(_work, arguments, first_limit=60 * MODEL_LOADING_MINUTES, limit=limit):
                current = image
                if kind == "end":
                    yield waiting.pop(0), Outcome(**outcome)
                    current = None
            for image in waiting:
                yield image, Outcome("failed", "restore", "the process ended without a word")
            return
        except WorkerTimeout as error:
            ended = Outcome.of_timeout(error.seconds, "restore")
        except WorkerDied as error:
            ended = Outcome("failed", "restore", str(error))
        except MachineError as error:
            if not final:
                raise
            ended = Outcome("failed", "restore", str(error))
        # Without a current image the worker was lost while it loaded, and would be again.
        for image in waiting[:1] if current else list(waiting):
            cell.discard(image)
            yield image, ended
            waiting.remove(image)


def _work(
    send: Callable[[Any], None], experiment: dict[str, Any], dataset: str, task: str, name: str, images: list[str]
) -> None:
    """Restore in the worker's process: send a word before each image and its outcome after it."""
    import torch

    plan = Plan(Experiment.model_validate(experiment))
    cell = _Cell(plan, dataset, task, name)
    torch.set_num_threads(cell.threads)
    try:
        plan.task(task).entry.load()  # Makes the task's operators known.
        prior = cell.prior.build()
        if cell.prior.spec.learns:
            prior.load(Path(plan.layout.model(name)))
        unusable = None
    except (Exception, SystemExit) as error:
        unusable = Outcome.of_exception(error, "restore")
        say(unusable.traceback)
    for image in images:
        send(("begin", image, None))
        outcome = unusable or _restore_one(cell, prior, image)
        if outcome.ok:
            cell.keep(image, outcome)
        else:
            cell.discard(image)
            say(outcome.traceback or outcome.reason)
        send(("end", image, outcome.as_dict()))


def _restore_one(cell: _Cell, prior: object, image: str) -> Outcome:
    """Restore one image and write what came out."""
    import torch

    from priorbench.data.tensors import write_tensor
    from priorbench.priors import Context
    from priorbench.problem import Problem
    from priorbench.solvers import restore as solve
    from priorbench.stages.extras import write_extras

    spoken = time.monotonic()

    def progress(fraction: float) -> None:
        nonlocal spoken
        if time.monotonic() - spoken > 5:
            spoken = time.monotonic()
            say(f"{cell.name}/{image}: {fraction:.0%}")

    try:
        problem = Problem.load(Path(cell.plan.layout.problem(cell.dataset, cell.task, image)))
        torch.manual_seed(cell.seed(image))
        measure = Measure()
        result = solve(prior, problem, Context.seeded(cell.seed(image), progress))
        seconds, peak = measure.seconds, measure.peak_memory_mb
        expected = (1, *problem.image_shape)
        if tuple(result.image.shape) != expected:
            raise ValueError(f"the prior returned an image of shape {tuple(result.image.shape)}, not {expected}")
        if not torch.isfinite(result.image).all():
            reason = "the restored image holds NaN or infinite values"
            return Outcome(DIVERGED, "restore", reason, seconds=seconds, peak_memory_mb=peak)
        write_tensor(cell.path(image, ".png"), result.image)
        write_extras(result, cell.path(image, ""))
    except (Exception, SystemExit) as error:
        return Outcome.of_exception(error, "restore")
    return Outcome(OK, "restore", seconds=seconds, peak_memory_mb=peak)
