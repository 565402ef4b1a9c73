"""Stage ``tune``: choose parameters for a task, or a splitting's settings, on training images."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from priorbench.config import Experiment
from priorbench.errors import MachineError, raise_if_storage
from priorbench.jobs.log import say, say_that_it_waits
from priorbench.jobs.pool import Begun, Done, run_each
from priorbench.jobs.ready import ready, with_tuned
from priorbench.jobs.samples import Sample, samples_of
from priorbench.jobs.worker import available_threads, limit_threads, out_of_sight
from priorbench.plan import Plan
from priorbench.plan.tuning import Candidate, regime_of
from priorbench.provenance import fingerprint
from priorbench.seeds import derive_seed, seed_everything
from priorbench.specs.solver_settings import SolverSettings
from priorbench.store.files import read_json, write_json
from priorbench.store.locks import locked
from priorbench.store.manifest import check_file, read_manifest
from priorbench.store.memo import Memo
from priorbench.store.outcome import Outcome
from priorbench.store.status import Status

NO_CHOICE = "nothing to choose: the prior is no denoiser, so plug-and-play does not restore with it"


def tune(plan: Plan, target: str, prior: str, *, final: bool = True) -> Outcome:
    """Write ``tuned/<target>/<prior>.json``: the candidate with the highest mean PSNR, and all
    trials.

    The first of equals is chosen. A candidate that fails on any image, or stops at the time limit,
    is kept with its reason and not chosen; if all fail, the outcome says so and the restorations
    report it. The settings of a splitting are tuned for denoisers; for any other prior the record
    says that there is nothing to choose.

    Args:
        plan: the experiment.
        target: id of the task that parameters are tuned for, or ``solver-<regime>``.
        prior: id of a prior that is tuned for it.
        final: whether this is the last attempt, which turns an error of the machine into a failed
            candidate.

    Raises:
        ConfigError: the prior is not tuned for this.
        MachineError: the worker was killed, or a file of the task can't be downloaded, and further
            attempts are left.
        StorageError: a disk is full, or a training image or the model is damaged.
    """
    plan.tunings.candidates(target, prior)
    with locked(plan.layout.lock("tune", target, prior), say_that_it_waits):
        work = _Tuning(plan, target, prior)
        memo = Memo(plan.layout.tuning_record(target, prior), work.key)
        known = memo.recall()
        if known:
            say(f"{work.name}: up to date, tuned on the same images by the same code")
            record = known["record"]
        else:
            limit_threads(work.threads)
            record = work.record(final)
        outcome = Outcome.from_dict(record)
        if outcome.ok:
            memo.keep(record=record)
        write_json(plan.layout.tuned(target, prior), record)
    return outcome


@dataclass(frozen=True)
class Trial:
    """How a candidate did.

    Args:
        outcome: how it ended.
        scores: the PSNR of each problem.
        has_no_choice: whether the prior has no settings to choose, so that nothing was tried.
    """

    outcome: Outcome
    scores: dict[str, float] = field(default_factory=dict)
    has_no_choice: bool = False

    @property
    def psnr(self) -> float | None:
        """The mean over the problems; None if the candidate failed."""
        if not self.outcome.ok or not self.scores:
            return None
        return math.fsum(self.scores.values()) / len(self.scores)


class _Tuning:
    """A prior, what is chosen for it, and the images that this is tried on.

    Args:
        plan: the experiment.
        target: id of a task, or ``solver-<regime>``.
        prior: id of the prior.
    """

    def __init__(self, plan: Plan, target: str, prior: str) -> None:
        self.plan, self.target, self.name = plan, target, f"{prior} on {target}"
        self.prior = plan.prior(prior)
        self.threads = available_threads(self.prior.resources.threads)
        self.candidates = plan.tunings.candidates(target, prior)
        manifest = read_manifest(plan.layout.images(self.prior.tune_on))
        readable = [
            image
            for image in plan.dataset(self.prior.tune_on).images
            if image in manifest and manifest[image].outcome.ok
        ]
        self.images = {
            image: manifest[image].sha256 for image in readable[: plan.experiment.tuning.images]
        }
        self._trainings = plan.model_files(prior)
        self.model = next((read_json(file)["sha256"] for file in self._trainings), "")

    @property
    def key(self) -> str:
        """What the tuning depends on."""
        settings = self.plan.fingerprints.tuning_settings(self.target, self.prior.id)
        seed = self.plan.experiment.seed
        return fingerprint([settings, seed, self.images, self.model, self.threads])

    def record(self, final: bool) -> dict[str, Any]:
        """Return what is written: the choice, the trials, and what they were made from."""
        plan, prior = self.plan, self.prior
        obstacle = self._obstacle()
        trials = [] if obstacle else list(self._trials(final))
        has_no_choice = any(trial.has_no_choice for _, trial in trials)
        done = [trial for trial in trials if trial[1].psnr is not None]
        best = max(done, key=lambda trial: trial[1].psnr or 0.0, default=None)
        if obstacle:
            outcome = obstacle
        elif best or has_no_choice:
            outcome = Outcome(Status.OK, "tune")
        else:
            outcome = _all_failed([trial.outcome for _, trial in trials])
        chosen = best[0] if best else Candidate({}, SolverSettings())
        note = NO_CHOICE if has_no_choice else ""
        say(f"{self.name}: {f'chosen: {chosen.words}' if best else note or outcome.reason}")
        return {
            "parameters": dict(chosen.parameters) if outcome.ok else None,
            "solver": chosen.solver.as_dict() if outcome.ok else None,
            "psnr": best[1].psnr if best else None,
            "note": note,
            "status": outcome.status,
            "stage": outcome.stage,
            "reason": outcome.reason,
            "traceback": outcome.traceback,
            "combinations": [] if note else [_trial_as_dict(*trial) for trial in trials],
            "dataset": prior.tune_on,
            "images": list(self.images),
            "crop": plan.experiment.tuning.crop,
            "tasks": [task.describe() for task in plan.tunings.tasks(self.target)],
            "prior": prior.describe(),
            "seed": plan.experiment.seed,
            "threads": self.threads,
            "fingerprint": plan.fingerprints.tuning(self.target, prior.id),
        }

    def _obstacle(self) -> Outcome | None:
        """Return why nothing can be tried, or None."""
        if not self.images:
            reason = f"no image of the data set {self.prior.tune_on} can be read"
            return Outcome(Status.FAILED, "tune", reason)
        tunings = self.plan.tunings.inputs(self.target, self.prior.id)
        before = [("tuning", file) for file in tunings]
        before += [("training", file) for file in self._trainings]
        for what, file in before:
            outcome = Outcome.from_dict(read_json(file))
            if not outcome.ok:
                return outcome.of_dependency(what)
        return None

    def _trials(self, final: bool) -> Iterator[tuple[Candidate, Trial]]:
        """Yield each candidate as it ends; one alone if there is nothing to choose."""
        for number, trial in run_each(
            _try_candidates,
            (self.plan.experiment, self.target, self.prior.id),
            range(len(self.candidates)),
            lost=Trial,
            stage="tune",
            minutes=self.prior.resources.minutes,
            final=final,
        ):
            candidate = self.candidates[number]
            yield candidate, trial
            if trial.has_no_choice:
                return
            say(f"{self.name}: {candidate.words}: {trial.outcome.reason or f'{trial.psnr:.3f} dB'}")

    def check(self) -> None:
        """Refuse to tune on what is not what was made.

        Raises:
            StorageError: a training image or the model is damaged.
        """
        layout = self.plan.layout
        for image, digest in self.images.items():
            check_file(layout.image(self.prior.tune_on, image), digest)
        if self.model:
            check_file(layout.model(self.prior.id), self.model)


def _trial_as_dict(candidate: Candidate, trial: Trial) -> dict[str, Any]:
    return {
        "parameters": dict(candidate.parameters),
        "solver": candidate.solver.as_dict(),
        "psnr": trial.psnr,
        "status": trial.outcome.status,
        "reason": trial.outcome.reason,
        "seconds": trial.outcome.seconds,
        "images": trial.scores,
    }


def _all_failed(failures: list[Outcome]) -> Outcome:
    """Return the outcome of a tuning without any candidate that works."""
    first, count = failures[0], len(failures)
    alike = all(failure.status == first.status for failure in failures)
    which = "the only candidate failed"
    if count > 1:
        which = f"all {count} candidates failed; the first"
    status = first.status if alike else Status.FAILED
    return Outcome(status, "tune", f"{which}: {first.reason}", first.traceback)


def _try_candidates(
    send: Callable[[Any], None],
    experiment: Experiment,
    target: str,
    prior: str,
    numbers: list[int],
) -> None:
    """Try candidates in the worker's process."""
    import torch

    plan = Plan(experiment)
    work = _Tuning(plan, target, prior)
    torch.set_num_threads(work.threads)
    samples: list[Sample] = []
    broken: Outcome | None = None
    has_no_choice = False
    seed_everything(derive_seed(plan.experiment.seed, "build", target))
    try:
        work.check()
        has_no_choice = regime_of(target) is not None and not _is_denoiser(work)
        if not has_no_choice:
            samples = list(samples_of(plan, target, prior, list(work.images)))
    except MachineError:
        raise
    except (Exception, SystemExit) as error:
        raise_if_storage(error)
        broken = Outcome.of_exception(error, "tune")
        say(broken.traceback)
    for number in numbers:
        send(Begun())
        trial = Trial(broken or Outcome(Status.OK, "tune", seconds=0.0), {}, has_no_choice)
        if trial.outcome.ok and samples:
            trial = _try(work, work.candidates[number], samples, send)
        if not trial.outcome.ok:
            say(trial.outcome.traceback or trial.outcome.reason)
        send(Done(trial))


def _is_denoiser(work: _Tuning) -> bool:
    """Return whether plug-and-play restores with the prior, whose splitting has settings."""
    from priorbench.priors import Denoiser, Prior

    model = ready(work.plan, work.prior)
    return isinstance(model, Denoiser) and not isinstance(model, Prior)


def _try(
    work: _Tuning, candidate: Candidate, samples: list[Sample], send: Callable[[Any], None]
) -> Trial:
    """Restore every sample with one candidate.

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
    scores: dict[str, float] = {}
    plan = work.plan
    try:
        before = with_tuned(plan, work.prior.id, plan.tunings.inputs(work.target, work.prior.id))
        chosen = before.tuned(candidate)
        model = ready(plan, chosen)
        limit = 60 * chosen.resources.minutes
        device = available_device(chosen.resources.gpus)
        for sample in samples:
            send(Begun())
            context = Context.seeded(
                sample.seed, device=device, deadline=deadline_within(limit), solver=chosen.solver
            )
            problem = sample.problem.to(device)
            with out_of_sight():
                outcome, result = solve(model, problem, context, sample.seed, "tune", limit)
            if not outcome.ok:
                return Trial(outcome, scores)
            seconds += outcome.seconds or 0.0
            restored, clean = to_array(result.image.cpu()), to_array(sample.clean)
            scores[sample.name] = psnr(*compared(restored, clean, sample.border, sample.luminance))
    except (Exception, SystemExit) as error:
        raise_if_storage(error)
        return Trial(Outcome.of_exception(error, "tune"), scores)
    return Trial(Outcome(Status.OK, "tune", seconds=seconds), scores)
