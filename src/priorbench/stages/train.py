"""Stage ``train``: fit a prior to its training images."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from priorbench.config import Experiment
from priorbench.errors import raise_if_storage
from priorbench.jobs.curve import curve_text
from priorbench.jobs.log import PacedLog, in_words, say, say_that_it_waits
from priorbench.jobs.pool import Advanced, Begun, Done, run_each
from priorbench.jobs.usage import Measure
from priorbench.jobs.worker import available_threads, limit_threads, out_of_sight
from priorbench.plan import Plan
from priorbench.provenance import fingerprint
from priorbench.seeds import derive_seed, seed_everything
from priorbench.store.files import write_atomically, write_json
from priorbench.store.locks import locked
from priorbench.store.manifest import check_file, read_manifest
from priorbench.store.memo import Memo
from priorbench.store.outcome import Outcome
from priorbench.store.status import Status

if TYPE_CHECKING:
    from priorbench.priors import Progress

PACE = 0.5
"""Seconds between two messages on how far a fit is."""


@dataclass(frozen=True)
class Fitted:
    """What a fit gave.

    Args:
        outcome: how it ended.
        curve: the training curve as CSV.
    """

    outcome: Outcome
    curve: str


def train(
    plan: Plan, prior: str, *, final: bool = True, progress: Progress | None = None
) -> Outcome:
    """Write ``models/<prior>``: the model, its curve, its specification, and how the fit went.

    A plugin that raises, crashes or runs past its limit gives a failed outcome, which the
    restorations then report; the rest of the experiment goes on. A fit that is finished, to the
    same images by the same code, is not done again; one that was killed goes on from its
    checkpoint.

    Args:
        plan: the experiment.
        prior: a prior that learns.
        final: whether this is the last attempt, which turns an error of the machine into a failed
            outcome as well.
        progress: is told how far the fit is, with the last row of its curve; None for lines in the
            log.

    Raises:
        ValueError: the prior does not learn.
        MachineError: the worker was killed and further attempts are left.
        StorageError: a disk is full, or a training image is damaged.
    """
    if not plan.prior(prior).spec.learns:
        raise ValueError(f"the prior {prior} does not learn")
    layout = plan.layout
    with locked(layout.lock("train", prior), say_that_it_waits):
        work = _Training(plan, prior)
        memo = Memo(layout.fit(prior), work.key, [layout.model(prior)])
        known = memo.recall()
        if known:
            say(f"{prior}: up to date, fitted to the same images by the same code")
            fitted = Fitted(Outcome.from_dict(known["outcome"]), known["curve"])
        else:
            limit_threads(work.threads)
            layout.model(prior).unlink(missing_ok=True)
            fitted = _fit_in_worker(plan, work, final, progress)
        outcome = fitted.outcome
        checksum = ""
        if outcome.ok:
            # Snakemake removes a rule's outputs before a job starts again; the memo keeps the
            # curve.
            memo.keep(outcome=outcome.as_dict(), curve=fitted.curve)
            checksum = memo.checksums()[layout.model(prior).name]
        write_atomically(layout.curve(prior), fitted.curve)
        current = plan.fingerprints.training(prior)
        origin = {
            "train_on": work.prior.train_on,
            "seed": plan.experiment.seed,
            "threads": work.threads,
            "fingerprint": current,
        }
        write_json(layout.model_spec(prior), {**work.prior.describe(), **origin})
        training = {"sha256": checksum, "fingerprint": current, **outcome.as_dict()}
        write_json(layout.training(prior), training)
    return outcome


class _Training:
    """A prior and the images that it is fitted to.

    Args:
        plan: the experiment.
        prior: id of the prior.
    """

    def __init__(self, plan: Plan, prior: str) -> None:
        self.prior = plan.prior(prior)
        self.threads = available_threads(self.prior.resources.threads)
        dataset = self.prior.train_on
        manifest = read_manifest(plan.layout.images(dataset))
        self.images = {
            image: manifest[image].sha256
            for image in plan.dataset(dataset).images
            if image in manifest and manifest[image].outcome.ok
        }
        # The name, not the id: the variants of a prior learn from the same random draws.
        self.seed = derive_seed(plan.experiment.seed, "train", dataset, self.prior.spec.name)
        code = plan.fingerprints.stage("train")
        self.key = fingerprint([code, self.prior.fingerprint, self.seed, self.threads, self.images])


def _fit_in_worker(plan: Plan, work: _Training, final: bool, progress: Progress | None) -> Fitted:
    """Return what a fit gives that is done now."""
    prior = work.prior
    lines = PacedLog(2)

    def advanced(message: Advanced) -> None:
        if progress is not None:
            progress(message.fraction, **message.values)
        else:
            lines.say(lambda: f"{prior.id}: {in_words(message.values)}")

    [(_, fitted)] = run_each(
        _fit,
        # As it is: that of photographs has no test set, which no file may lack.
        (plan.experiment,),
        [prior.id],
        lost=lambda outcome: Fitted(outcome, curve_text([])),
        stage="train",
        minutes=prior.resources.training_minutes,
        final=final,
        advanced=advanced,
    )
    outcome = fitted.outcome
    say(f"{prior.id}: {outcome.reason or f'fitted in {outcome.seconds:.1f} s'}")
    return fitted


def _fit(send: Callable[[Any], None], experiment: Experiment, names: list[str]) -> None:
    """Fit in the worker's process."""
    import torch

    from priorbench.data.tensors import read_tensor
    from priorbench.jobs.device import available_device, warm_up
    from priorbench.priors import Context
    from priorbench.store.checkpoints import Checkpoint

    [name] = names
    plan = Plan(experiment)
    layout = plan.layout
    work = _Training(plan, name)
    torch.set_num_threads(work.threads)
    rows: list[dict[str, float]] = []
    model = layout.model(name).absolute()
    try:
        seed_everything(derive_seed(plan.experiment.seed, "build", name))
        prior = work.prior.build()
        dataset = work.prior.train_on
        if not work.images:
            raise ValueError(f"no image of the data set {dataset} can be read")
        images = []
        for image, digest in work.images.items():
            check_file(layout.image(dataset, image), digest)
            images.append(read_tensor(layout.image(dataset, image)))
        device = available_device(work.prior.resources.gpus)
        warm_up(device)
        # The time limit starts here.
        send(Begun())
        seed_everything(work.seed)
        measure = Measure(device)
        checkpoint = Checkpoint(layout.checkpoint(name).absolute(), work.key)
        news = _News(send)
        context = Context.seeded(work.seed, news.progress, checkpoint, device)
        with out_of_sight():
            for row in prior.fit(images, context):
                rows.append(dict(row))
                news.row(rows[-1])
            prior.save(model)
        usage = measure.usage(checkpoint.spent)
        checkpoint.discard()
        outcome = Outcome(
            Status.OK,
            "train",
            seconds=usage.seconds,
            processor_seconds=usage.processor_seconds,
            peak_memory_mb=usage.peak_memory_mb,
            device_memory_mb=usage.device_memory_mb,
            n_parameters=prior.n_parameters(),
        )
    except (Exception, SystemExit) as error:
        raise_if_storage(error)
        outcome = Outcome.of_exception(error, "train")
        say(outcome.traceback)
    send(Done(Fitted(outcome, curve_text(rows))))


class _News:
    """What a worker tells of its fit: how far it is, and the last row of its curve.

    Args:
        send: sends a message to the job.
    """

    def __init__(self, send: Callable[[Any], None]) -> None:
        self._send, self._fraction = send, 0.0
        self._last = time.monotonic()

    def progress(self, fraction: float, /, **values: float) -> None:
        """Take the fraction that a prior reports."""
        self._fraction = float(fraction)

    def row(self, row: Mapping[str, float]) -> None:
        """Send a row of the curve, unless the last one was sent just before."""
        if time.monotonic() - self._last > PACE:
            self._last = time.monotonic()
            self._send(Advanced(self._fraction, {name: float(row[name]) for name in row}))
