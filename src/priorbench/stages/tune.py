"""Stage ``tune``: choose parameters for a task, or a splitting's settings, on training images."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from priorbench.config.schema import Experiment
from priorbench.errors import MachineError, raise_if_storage
from priorbench.jobs.log import say, say_that_another_works
from priorbench.jobs.pool import in_series
from priorbench.jobs.samples import Sample, samples_of
from priorbench.jobs.tuned import with_tuned
from priorbench.jobs.worker import available_threads, limit_threads, out_of_sight
from priorbench.plan import Plan, PriorPlan
from priorbench.plan.tuning import Candidate, regime_of
from priorbench.provenance import fingerprint
from priorbench.seeds import derive_seed, seed_everything
from priorbench.specs.solver_settings import SolverSettings
from priorbench.store.files import read_json, write_json
from priorbench.store.locks import locked
from priorbench.store.manifest import check_file, read_manifest
from priorbench.store.outcome import OK, Outcome

ENDED = ("status", "stage", "reason", "traceback")
NOTHING = Candidate({}, SolverSettings())
"""What is chosen for a prior that has nothing to choose."""


def tune(plan: Plan, target: str, prior: str, *, final: bool = True) -> Outcome:
    """Write ``tuned/<target>/<prior>.json``: the candidate with the highest mean PSNR, and all that were tried.

    The first of equals is chosen. A candidate that fails on any image, or stops at the time limit, is kept with its
    reason and not chosen; if all fail, the outcome says so and the restorations report it. The settings of a splitting
    are tuned for denoisers; for any other prior the record says that there is nothing to choose.

    Args:
        plan: the experiment.
        target: id of the task that parameters are tuned for, or ``solver-<regime>``.
        prior: id of a prior that is tuned for it.
        final: whether this is the last attempt, which turns an error of the machine into a failed candidate.

    Raises:
        ConfigError: the prior is not tuned for this.
        MachineError: the process was killed, or a file of the task can't be downloaded, and further attempts are left.
        StorageError: a disk is full, or a training image or the model is damaged.
    """
    plan.tunings.candidates(target, prior)
    with locked(Path(plan.layout.lock("tune", target, prior)), say_that_another_works):
        return _tune(plan, target, prior, final)


def _tune(plan: Plan, target: str, prior: str, final: bool) -> Outcome:
    chosen = plan.prior(prior)
    threads = available_threads(chosen.resources.threads)
    images = _images(plan, chosen.tune_on)
    key = _key(plan, target, prior, images, threads)
    # Snakemake removes a rule's output before it starts the job again; this file is none.
    kept = Path(plan.layout.tuning_record(target, prior))
    known = _known(kept, key)
    if known:
        say(f"{prior} on {target}: tuned before, on the same images by the same code")
        write_json(Path(plan.layout.tuned(target, prior)), known)
        return Outcome(**{name: known[name] for name in ENDED})
    limit_threads(threads)
    outcome = _obstacle(plan, target, prior, images)
    tried = [] if outcome else list(_trials(plan, target, prior, images, threads, final))
    note = next((trial.nothing_to_choose for trial in tried), "")
    done = [trial for trial in tried if trial.psnr is not None]
    best = max(done, key=lambda trial: trial.psnr or 0.0, default=None)
    if outcome is None:
        outcome = Outcome(OK, "tune") if best or note else _all_failed([t.outcome for t in tried])
    candidate = best.candidate if best else NOTHING
    say(
        f"{prior} on {target}: {f'chosen: {best.candidate.words}' if best else note or outcome.reason}"
    )
    record = {
        "parameters": dict(candidate.parameters) if outcome.ok else None,
        "solver": candidate.solver.as_dict() if outcome.ok else None,
        "psnr": best.psnr if best else None,
        "note": note,
        **{key: outcome.as_dict()[key] for key in ENDED},
        "combinations": [] if note else [trial.as_dict() for trial in tried],
        "dataset": chosen.tune_on,
        "images": images,
        "crop": plan.experiment.tuning.crop,
        "tasks": [task.describe() for task in plan.tunings.tasks(target)],
        "prior": chosen.describe(),
        "seed": plan.experiment.seed,
        "threads": threads,
        "fingerprint": plan.fingerprints.tuning(target, prior),
    }
    write_json(kept, {"key": key, "record": record})
    write_json(Path(plan.layout.tuned(target, prior)), record)
    return outcome


def _key(plan: Plan, target: str, prior: str, images: list[str], threads: int) -> str:
    """Return what a tuning depends on."""
    chosen = plan.prior(prior)
    entries = read_manifest(Path(plan.layout.images(chosen.tune_on)))
    model = read_json(Path(plan.layout.training(prior)))["sha256"] if chosen.spec.learns else ""
    digests = {image: entries[image].sha256 for image in images}
    return fingerprint(
        [
            plan.fingerprints.tuning_settings(target, prior),
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
    """A candidate, how it ended, and the PSNR of each problem."""

    candidate: Candidate
    outcome: Outcome
    scores: dict[str, float]
    nothing_to_choose: str = ""

    @property
    def psnr(self) -> float | None:
        """The mean over the problems; None if the candidate failed."""
        if not self.outcome.ok or not self.scores:
            return None
        return math.fsum(self.scores.values()) / len(self.scores)

    def as_dict(self) -> dict[str, Any]:
        ended = {key: self.outcome.as_dict()[key] for key in ("status", "reason", "seconds")}
        tried = {
            "parameters": dict(self.candidate.parameters),
            "solver": self.candidate.solver.as_dict(),
        }
        return {**tried, "psnr": self.psnr, **ended, "images": self.scores}


def _trials(
    plan: Plan, target: str, prior: str, images: list[str], threads: int, final: bool
) -> Iterator[_Trial]:
    """Yield each candidate as it ends; one alone if there is nothing to choose."""
    candidates = plan.tunings.candidates(target, prior)
    arguments = (plan.experiment.model_dump(), target, prior, images, threads)
    minutes = plan.prior(prior).resources.minutes
    for number, ended in in_series(
        _work, arguments, range(len(candidates)), stage="tune", minutes=minutes, final=final
    ):
        scores, note = ended.pop("scores", {}), ended.pop("nothing_to_choose", "")
        trial = _Trial(candidates[number], Outcome(**ended), scores, note)
        if note:
            yield trial
            return
        told = trial.outcome.reason or f"{trial.psnr:.3f} dB"
        say(f"{prior} on {target}: {trial.candidate.words}: {told}")
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


def _obstacle(plan: Plan, target: str, prior: str, images: list[str]) -> Outcome | None:
    """Return why nothing can be tried, or None."""
    chosen = plan.prior(prior)
    if not images:
        return Outcome("failed", "tune", f"no image of the data set {chosen.tune_on} can be read")
    before = dict.fromkeys(plan.tunings.inputs(target, prior), "tuning")
    before |= dict.fromkeys(plan.model_files(prior), "training")
    for file, what in before.items():
        record = read_json(Path(file))
        if record["status"] != OK:
            fields = {key: record[key] for key in ENDED}
            return Outcome(**fields | {"reason": f"{what}: {record['reason']}"})
    return None


def _all_failed(failures: list[Outcome]) -> Outcome:
    """Return the outcome of a tuning without any candidate that works."""
    first = failures[0]
    status = (
        first.status if all(failure.status == first.status for failure in failures) else "failed"
    )
    count = len(failures)
    told = (
        "the only candidate failed"
        if count == 1
        else f"all {count} candidates failed, the first one so"
    )
    return Outcome(status, "tune", f"{told}: {first.reason}", first.traceback)


def _work(
    send: Callable[[Any], None],
    experiment: dict[str, Any],
    target: str,
    prior: str,
    images: list[str],
    threads: int,
    numbers: list[int],
) -> None:
    """Try candidates in the worker's process: send a message before each image and the outcome after each candidate."""
    import torch

    torch.set_num_threads(threads)
    plan = Plan(Experiment.model_validate(experiment))
    samples: list[Sample] = []
    broken: Outcome | None = None
    note = ""
    seed_everything(derive_seed(plan.experiment.seed, "build", target))
    try:
        _check(plan, prior, images)
        note = _nothing_to_choose(plan, target, prior)
        samples = [] if note else list(samples_of(plan, target, prior, images))
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
            plan, target, prior, number, samples, scores, partial(send, ("begin", number, None))
        )
        if not outcome.ok:
            say(outcome.traceback or outcome.reason)
        ended = {**outcome.as_dict(), "scores": scores, "nothing_to_choose": note}
        send(("end", number, ended))


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


def _nothing_to_choose(plan: Plan, target: str, prior: str) -> str:
    """Return why no settings are tuned for the prior; empty if some are, or parameters."""
    from priorbench.priors import Denoiser, Prior

    if regime_of(target) is None:
        return ""
    model = _built(plan, prior, plan.prior(prior))
    if isinstance(model, Denoiser) and not isinstance(model, Prior):
        return ""
    return "nothing to choose: the prior is no denoiser, so no splitting of plug-and-play restores with it"


def _built(plan: Plan, prior: str, chosen: PriorPlan) -> Any:
    """Return a prior that is ready to restore."""
    seed_everything(derive_seed(plan.experiment.seed, "build", prior))
    model = chosen.build()
    if chosen.spec.learns:
        learned = Path(plan.layout.model(prior)).absolute()
        with out_of_sight():
            model.load(learned)
    return model


def _try(
    plan: Plan,
    target: str,
    prior: str,
    number: int,
    samples: list[Sample],
    scores: dict[str, float],
    begin: Callable[[], None],
) -> Outcome:
    """Restore every sample with one candidate, fill ``scores``, and return how it ended.

    Raises:
        StorageError: a disk is full, or can't be read.
    """
    from priorbench.data.tensors import to_array
    from priorbench.jobs.attempt import solve
    from priorbench.jobs.deadline import deadline_within
    from priorbench.jobs.device import available_device
    from priorbench.metrics.fidelity import psnr
    from priorbench.metrics.protocol import compared
    from priorbench.priors import Context

    seconds = 0.0
    try:
        records = [read_json(Path(file)) for file in plan.tunings.inputs(target, prior)]
        before = with_tuned(plan, prior, records)
        chosen = before.tuned(plan.tunings.candidates(target, prior)[number])
        model = _built(plan, prior, chosen)
        limit = 60 * chosen.resources.minutes
        device = available_device(chosen.resources.gpus)
        for sample in samples:
            begin()
            context = Context.seeded(
                sample.seed, device=device, deadline=deadline_within(limit), solver=chosen.solver
            )
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
