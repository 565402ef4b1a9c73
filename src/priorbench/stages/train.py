"""Stage ``train``: fit a prior to its training images."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from priorbench.config.schema import Experiment
from priorbench.errors import MachineError, StorageError, raise_if_storage
from priorbench.jobs.curve import curve_text
from priorbench.jobs.log import say, say_that_another_works
from priorbench.jobs.usage import Measure
from priorbench.jobs.worker import (
    WorkerDied,
    WorkerTimeout,
    available_threads,
    limit_threads,
    messages,
    out_of_sight,
)
from priorbench.plan import MODEL_LOADING_MINUTES, Plan
from priorbench.provenance import fingerprint
from priorbench.seeds import derive_seed, seed_everything
from priorbench.store.files import file_sha256, read_json, write_atomically, write_json
from priorbench.store.locks import locked
from priorbench.store.manifest import check_file, read_manifest
from priorbench.store.outcome import OK, Outcome


def train(plan: Plan, prior: str, *, final: bool = True) -> Outcome:
    """Write ``models/<prior>``: the model, its training curve, its specification, and how the fit went.

    A plugin that raises, crashes or runs past its limit gives a failed outcome, which the
    restorations then report; the rest of the experiment goes on. A fit that is finished, to the same images by the
    same code, is not done again; one that was killed goes on from its checkpoint.

    Args:
        plan: the experiment.
        prior: a prior that learns.
        final: whether this is the last attempt, which turns an error of the machine into a failed
            outcome as well.

    Raises:
        ValueError: the prior does not learn.
        MachineError: the process was killed and further attempts are left.
        StorageError: a disk is full, or a training image is damaged.
    """
    if not plan.prior(prior).spec.learns:
        raise ValueError(f"the prior {prior} does not learn")
    with locked(Path(plan.layout.lock("train", prior)), say_that_another_works):
        return _Fit(plan, prior).run(final)


class _Fit:
    """One prior and what it is fitted to."""

    def __init__(self, plan: Plan, prior: str) -> None:
        self.plan, self.prior = plan, plan.prior(prior)
        self.threads = available_threads(self.prior.resources.threads)
        manifest = read_manifest(Path(plan.layout.images(self.prior.train_on)))
        names = [
            image
            for image in plan.dataset(self.prior.train_on).images
            if image in manifest and manifest[image].outcome.ok
        ]
        self.images = {image: manifest[image].sha256 for image in names}
        # The name, not the id: the variants of one prior learn from the same random draws and can be compared.
        self.seed = derive_seed(
            plan.experiment.seed, "train", self.prior.train_on, self.prior.spec.name
        )
        code = plan.fingerprints.stage("train")
        self.key = fingerprint([code, self.prior.fingerprint, self.seed, self.threads, self.images])

    def run(self, final: bool) -> Outcome:
        """Fit in a worker, unless that was done before, and write all files."""
        known = self.known()
        if known:
            say(f"{self.prior.id}: fitted before, from the same images by the same code")
        else:
            limit_threads(self.threads)
            known = self.fit(final)
        outcome = Outcome(**known["outcome"])
        layout, name = self.plan.layout, self.prior.id
        # Snakemake removes a rule's outputs before it starts the job again; this file is none and keeps the curve.
        write_json(Path(layout.fit(name)), known)
        write_atomically(Path(layout.curve(name)), known["curve"])
        origin = {
            "train_on": self.prior.train_on,
            "seed": self.plan.experiment.seed,
            "threads": self.threads,
            "fingerprint": self.plan.fingerprints.training(name),
        }
        write_json(Path(layout.model_spec(name)), {**self.prior.describe(), **origin})
        write_json(
            Path(layout.training(name)),
            {
                "sha256": known["sha256"],
                "fingerprint": origin["fingerprint"],
                **outcome.as_dict(),
            },
        )
        return outcome

    def known(self) -> dict[str, Any] | None:
        """Return the record of a successful fit of the same key whose model is whole, or None."""
        try:
            record: dict[str, Any] = read_json(Path(self.plan.layout.fit(self.prior.id)))
            same = record["key"] == self.key and Outcome(**record["outcome"]).ok
            if same and record["sha256"] == file_sha256(
                Path(self.plan.layout.model(self.prior.id))
            ):
                return record
        except (OSError, ValueError, KeyError, TypeError):
            pass
        return None

    def fit(self, final: bool) -> dict[str, Any]:
        """Return the record of a fit that is done now."""
        model = Path(self.plan.layout.model(self.prior.id))
        model.unlink(missing_ok=True)
        limit = 60 * self.prior.resources.training_minutes
        outcome, curve = (
            Outcome("failed", "train", "the process ended without a result"),
            curve_text([]),
        )
        arguments = (self.plan.experiment.model_dump(), self.prior.id)
        try:
            for kind, content in messages(
                _fit, arguments, first_limit=60 * MODEL_LOADING_MINUTES, limit=limit
            ):
                if kind == "end":
                    outcome, curve = Outcome(**content["outcome"]), content["curve"]
        except WorkerTimeout as error:
            outcome = Outcome.of_timeout(error.seconds, "train")
        except WorkerDied as error:
            outcome = Outcome("failed", "train", str(error))
        except MachineError as error:
            if not final or isinstance(error, StorageError):
                raise
            outcome = Outcome("failed", "train", str(error))
        say(f"{self.prior.id}: {outcome.reason or f'fitted in {outcome.seconds:.1f} s'}")
        digest = file_sha256(model) if outcome.ok else ""
        return {"key": self.key, "sha256": digest, "outcome": outcome.as_dict(), "curve": curve}


def _fit(send: Callable[[Any], None], experiment: dict[str, Any], name: str) -> None:
    """Fit in the worker's process: send a word at the start, and at the end the outcome and the curve."""
    import torch

    from priorbench.data.tensors import read_tensor
    from priorbench.jobs.device import available_device, warm_up
    from priorbench.priors import Context
    from priorbench.store.checkpoints import Checkpoint

    plan = Plan(Experiment.model_validate(experiment))
    fit = _Fit(plan, name)
    torch.set_num_threads(fit.threads)
    rows: list[dict[str, float]] = []
    model = Path(plan.layout.model(name)).absolute()
    try:
        seed_everything(derive_seed(plan.experiment.seed, "build", name))
        prior = fit.prior.build()
        if not fit.images:
            raise ValueError(f"no image of the data set {fit.prior.train_on} can be read")
        images = []
        for image, digest in fit.images.items():
            path = Path(plan.layout.image(fit.prior.train_on, image))
            check_file(path, digest)
            images.append(read_tensor(path))
        device = available_device(fit.prior.resources.gpus)
        warm_up(device)
        send(("begin", None))
        seed_everything(fit.seed)
        measure = Measure()
        checkpoint = Checkpoint(Path(plan.layout.checkpoint(name)).absolute(), fit.key)
        context = Context.seeded(fit.seed, checkpoint=checkpoint, device=device)
        spoken = time.monotonic()
        with out_of_sight():
            for row in prior.fit(images, context):
                rows.append(dict(row))
                if time.monotonic() - spoken > 2:
                    spoken = time.monotonic()
                    say(f"{name}: " + ", ".join(f"{key} {value:.6g}" for key, value in row.items()))
            prior.save(model)
        checkpoint.discard()
        outcome = Outcome(
            OK,
            "train",
            seconds=measure.seconds + checkpoint.spent,
            peak_memory_mb=measure.peak_memory_mb,
            n_parameters=prior.n_parameters(),
        )
    except (Exception, SystemExit) as error:
        raise_if_storage(error)
        outcome = Outcome.of_exception(error, "train")
        say(outcome.traceback)
    send(("end", {"outcome": outcome.as_dict(), "curve": curve_text(rows)}))
