"""Stage ``tune``: choose a prior's tunable parameters for a task, on training images."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from priorbench.config import Experiment
from priorbench.errors import MachineError, raise_if_storage
from priorbench.files import read_json, write_json
from priorbench.locks import locked
from priorbench.plan import Plan
from priorbench.provenance import fingerprint
from priorbench.seeds import derive_seed, seed_everything
from priorbench.stages.log import say, say_that_another_works
from priorbench.stages.manifest import check_file, read_manifest
from priorbench.stages.outcome import OK, Outcome
from priorbench.stages.series import in_series
from priorbench.stages.worker import available_threads, limit_threads, out_of_sight

if TYPE_CHECKING:
    from priorbench.problem import Problem
    from priorbench.types import Image

ENDED = ("status", "stage", "reason", "traceback")


def tune(plan: Plan, task: str, prior: str, *, final: bool = True) -> Outcome:
    """Write ``tuned/<task>/<prior>.json``: the combination with the highest mean PSNR, and all that were tried.

    The first of equals is chosen. A combination that fails on any image, or stops at the time limit, is kept with its
    reason and not chosen; if all fail, the outcome says so and the restorations report it.

    Args:
        plan: the experiment.
        task: id of the task.
        prior: id of a prior that is tuned for it.
        final: whether this is the last attempt, which turns an error of the machine into a failed combination.

    Raises:
        ValueError: the prior is not tuned for this task.
        MachineError: the process was killed, or a file of the task can't be downloaded, and further attempts are left.
        StorageError: a disk is full, or a training image or the model is damaged.
    """
    if not plan.is_tuned(task, prior):
        raise ValueError(
            f"the prior {prior} is not tuned for {task}: set priors.settings.<name>.tune, or name another"
        )
    with locked(Path(plan.layout.lock("tune", task, prior)), say_that_another_works):
        return _tune(plan, task, prior, final)


def _tune(plan: Plan, task: str, prior: str, final: bool) -> Outcome:
    chosen = plan.prior(prior)
    threads = available_threads(chosen.resources.threads)
    images = _images(plan, chosen.tune_on)
    key = _key(plan, task, prior, images, threads)
    # Snakemake removes a rule's output before it starts the job again; this file is none.
    kept = Path(plan.layout.tuning_record(task, prior))
    known = _known(kept, key)
    if known:
        say(f"{prior} on {task}: tuned before, on the same images by the same code")
        write_json(Path(plan.layout.tuned(task, prior)), known)
        return Outcome(**{name: known[name] for name in ENDED})
    limit_threads(threads)
    outcome = _obstacle(plan, prior, images)
    tried = [] if outcome else list(_trials(plan, task, prior, images, threads, final))
    done = [trial for trial in tried if trial.psnr is not None]
    best = max(done, key=lambda trial: trial.psnr or 0.0, default=None)
    outcome = outcome or (
        Outcome(OK, "tune") if best else _all_failed([trial.outcome for trial in tried])
    )
    say(f"{prior} on {task}: {f'chosen: {best.words}' if best else outcome.reason}")
    record = {
        "parameters": best.parameters if best else None,
        "psnr": best.psnr if best else None,
        **{key: outcome.as_dict()[key] for key in ENDED},
        "combinations": [trial.as_dict() for trial in tried],
        "dataset": chosen.tune_on,
        "images": images,
        "crop": plan.experiment.tuning.crop,
        "task": plan.task(task).describe(),
        "prior": chosen.describe(),
        "seed": plan.experiment.seed,
        "threads": threads,
        "fingerprint": plan.fingerprints.tuning(task, prior),
    }
    write_json(kept, {"key": key, "record": record})
    write_json(Path(plan.layout.tuned(task, prior)), record)
    return outcome


def _key(plan: Plan, task: str, prior: str, images: list[str], threads: int) -> str:
    """Return what a tuning depends on."""
    chosen = plan.prior(prior)
    entries = read_manifest(Path(plan.layout.images(chosen.tune_on)))
    model = read_json(Path(plan.layout.training(prior)))["sha256"] if chosen.spec.learns else ""
    digests = {image: entries[image].sha256 for image in images}
    return fingerprint(
        [
            plan.fingerprints.tuning_settings(task, prior),
            plan.experiment.seed,
            digests,
            model,
            threads,
        ]
    )


def _known(path: Path, key: str) -> dict[str, Any] | None:
    """Return the record of a successful tuning of the same key, or None."""
    try:
        kept = read_json(path)
        if kept["key"] == key and kept["record"]["status"] == OK:
            record: dict[str, Any] = kept["record"]
            return record
    except (OSError, ValueError, KeyError, TypeError):
        pass
    return None


@dataclass(frozen=True)
class _Trial:
    """A combination, how it ended, and the PSNR of each image."""

    parameters: dict[str, Any]
    outcome: Outcome
    scores: dict[str, float]

    @property
    def psnr(self) -> float | None:
        """The mean over the images; None if the combination failed."""
        return math.fsum(self.scores.values()) / len(self.scores) if self.outcome.ok else None

    @property
    def words(self) -> str:
        return ", ".join(f"{name} = {value}" for name, value in self.parameters.items())

    def as_dict(self) -> dict[str, Any]:
        ended = {key: self.outcome.as_dict()[key] for key in ("status", "reason", "seconds")}
        return {"parameters": self.parameters, "psnr": self.psnr, **ended, "images": self.scores}


def _trials(
    plan: Plan, task: str, prior: str, images: list[str], threads: int, final: bool
) -> Iterator[_Trial]:
    """Yield each combination as it ends."""
    chosen = plan.prior(prior)
    arguments = (plan.experiment.model_dump(), task, prior, images, threads)
    numbers, minutes = range(len(chosen.candidates)), chosen.resources.minutes
    for number, ended in in_series(
        _work, arguments, numbers, stage="tune", minutes=minutes, final=final
    ):
        scores = ended.pop("scores", {})
        trial = _Trial(chosen.candidates[number], Outcome(**ended), scores)
        say(f"{prior} on {task}: {trial.words}: {trial.outcome.reason or f'{trial.psnr:.3f} dB'}")
        yield trial


def _images(plan: Plan, dataset: str) -> list[str]:
    """Return the first images of a data set that can be read, as many as the configuration says."""
    entries = read_manifest(Path(plan.layout.images(dataset)))
    readable = [
        image
        for image in plan.dataset(dataset).images
        if image in entries and entries[image].outcome.ok
    ]
    return readable[: plan.experiment.tuning.images]


def _obstacle(plan: Plan, prior: str, images: list[str]) -> Outcome | None:
    """Return why nothing can be tried, or None."""
    chosen = plan.prior(prior)
    if not images:
        return Outcome("failed", "tune", f"no image of the data set {chosen.tune_on} can be read")
    if not chosen.spec.learns:
        return None
    training = read_json(Path(plan.layout.training(prior)))
    if training["status"] == OK:
        return None
    return Outcome(
        **{key: training[key] for key in ENDED} | {"reason": f"training: {training['reason']}"}
    )


def _all_failed(failures: list[Outcome]) -> Outcome:
    """Return the outcome of a tuning without any combination that works."""
    first = failures[0]
    status = (
        first.status if all(failure.status == first.status for failure in failures) else "failed"
    )
    count = len(failures)
    told = (
        "the only combination failed"
        if count == 1
        else f"all {count} combinations failed, the first one so"
    )
    return Outcome(status, "tune", f"{told}: {first.reason}", first.traceback)


@dataclass(frozen=True)
class _Sample:
    """A training image made into a problem, and how its restoration is compared."""

    name: str
    clean: Image
    problem: Problem
    seed: int
    border: tuple[int, int]
    luminance: bool


def _work(
    send: Callable[[Any], None],
    experiment: dict[str, Any],
    task: str,
    prior: str,
    images: list[str],
    threads: int,
    numbers: list[int],
) -> None:
    """Try the combinations in the worker's process: a word before each image, the outcome after each combination."""
    import torch

    torch.set_num_threads(threads)
    plan = Plan(Experiment.model_validate(experiment))
    samples: list[_Sample] = []
    broken: Outcome | None = None
    seed_everything(derive_seed(plan.experiment.seed, "build", task))
    try:
        _check(plan, prior, images)
        samples = list(_samples(plan, task, prior, images))
    except MachineError:
        raise
    except (Exception, SystemExit) as error:
        raise_if_storage(error)
        broken = Outcome.of_exception(error, "tune")
        say(broken.traceback)
    for number in numbers:
        send(("begin", number, None))
        scores: dict[str, float] = {}
        outcome = broken or _try(
            plan, prior, number, samples, scores, partial(send, ("begin", number, None))
        )
        if not outcome.ok:
            say(outcome.traceback or outcome.reason)
        send(("end", number, {**outcome.as_dict(), "scores": scores}))


def _check(plan: Plan, prior: str, images: list[str]) -> None:
    """Refuse to tune on what is not what was made.

    Raises:
        StorageError: a training image or the model is damaged.
    """
    chosen = plan.prior(prior)
    entries = read_manifest(Path(plan.layout.images(chosen.tune_on)))
    for image in images:
        check_file(Path(plan.layout.image(chosen.tune_on, image)), entries[image].sha256)
    if chosen.spec.learns:
        check_file(
            Path(plan.layout.model(prior)), read_json(Path(plan.layout.training(prior)))["sha256"]
        )


def _samples(plan: Plan, task: str, prior: str, images: list[str]) -> Iterator[_Sample]:
    """Yield the problems made from the centres of ``images``; one that does not fit the task is left out.

    Raises:
        ValueError: none of them fits.
        Exception: whatever the task raises when it is made.
    """
    import torch

    from priorbench.data.tensors import read_tensor, to_array, to_tensor
    from priorbench.data.transform import transform

    corruption = plan.task(task).build()
    rows, columns = corruption.border
    dataset, seed = plan.prior(prior).tune_on, plan.experiment.seed
    reasons: list[str] = []
    for name in images:
        photograph = to_array(read_tensor(Path(plan.layout.image(dataset, name))))
        try:
            clean = corruption.fit(
                to_tensor(transform(photograph, crop=plan.experiment.tuning.crop))
            )
            corrupting = derive_seed(seed, "tune", dataset, name, task)
            seed_everything(corrupting)
            generator = torch.Generator().manual_seed(corrupting)
            problem = corruption.corrupt(clean, generator)
        except MachineError:
            raise
        except Exception as error:
            raise_if_storage(error)
            reasons.append(f"{name}: {Outcome.of_exception(error, 'tune').reason}")
            say(f"{task} leaves out the training image {reasons[-1]}")
            continue
        # The name, not the id: the variants of one prior are tuned with the same random draws.
        drawn = derive_seed(seed, "tune", dataset, name, task, plan.prior(prior).spec.name)
        yield _Sample(
            name, clean, problem, drawn, (int(rows), int(columns)), bool(corruption.luminance)
        )
    if len(reasons) == len(images):
        raise ValueError(f"no training image fits the task; {reasons[0]}")


def _try(
    plan: Plan,
    prior: str,
    number: int,
    samples: list[_Sample],
    scores: dict[str, float],
    begin: Callable[[], None],
) -> Outcome:
    """Restore every sample with one combination, fill ``scores``, and return how it ended.

    Raises:
        StorageError: a disk is full, or can't be read.
    """
    from priorbench.data.tensors import to_array
    from priorbench.metrics.fidelity import psnr
    from priorbench.priors import Context
    from priorbench.stages.deadline import deadline_within
    from priorbench.stages.device import available_device
    from priorbench.stages.protocol import compared
    from priorbench.stages.solve import solve

    seconds = 0.0
    try:
        chosen = plan.prior(prior)
        seed_everything(derive_seed(plan.experiment.seed, "build", prior))
        model = chosen.tuned(chosen.candidates[number]).build()
        if chosen.spec.learns:
            learned = Path(plan.layout.model(prior)).absolute()
            with out_of_sight():
                model.load(learned)
        limit = 60 * chosen.resources.minutes
        device = available_device(chosen.resources.gpus)
        for sample in samples:
            begin()
            context = Context.seeded(sample.seed, device=device, deadline=deadline_within(limit))
            with out_of_sight():
                outcome, result = solve(
                    model, sample.problem.to(device), context, sample.seed, "tune", limit
                )
            if not outcome.ok:
                return outcome
            seconds += outcome.seconds or 0.0
            pair = compared(
                to_array(result.image.cpu()),
                to_array(sample.clean),
                sample.border,
                sample.luminance,
            )
            scores[sample.name] = psnr(*pair)
    except (Exception, SystemExit) as error:
        raise_if_storage(error)
        return Outcome.of_exception(error, "tune")
    return Outcome(OK, "tune", seconds=seconds)
