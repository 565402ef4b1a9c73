"""Stage ``train``: fit a prior to its training images."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from priorbench.config import Experiment
from priorbench.errors import MachineError
from priorbench.files import file_sha256, write_json
from priorbench.fingerprint import fingerprint
from priorbench.plan import MODEL_LOADING_MINUTES, Plan
from priorbench.seeds import derive_seed
from priorbench.stages.curve import write_curve
from priorbench.stages.log import say
from priorbench.stages.manifest import read_manifest
from priorbench.stages.measure import Measure
from priorbench.stages.outcome import OK, Outcome
from priorbench.stages.worker import WorkerDied, WorkerTimeout, available_threads, limit_threads, messages


def train(plan: Plan, prior: str, *, final: bool = True) -> Outcome:
    """Write ``models/<prior>``: the model, its training curve, its specification, and how the fit went.

    A plugin that raises, crashes or runs past its limit gives a failed outcome, which the
    restorations then report; the rest of the experiment goes on.

    Args:
        plan: the experiment.
        prior: a prior that learns.
        final: whether this is the last attempt, which turns an error of the machine into a failed
            outcome as well.

    Raises:
        ValueError: the prior does not learn.
        MachineError: the process was killed and further attempts are left.
    """
    chosen = plan.prior(prior)
    if not chosen.spec.learns:
        raise ValueError(f"the prior {prior} does not learn")
    threads = available_threads(chosen.resources.threads)
    limit_threads(threads)
    for stale in (plan.layout.model(prior), plan.layout.curve(prior)):
        Path(stale).unlink(missing_ok=True)
    limit = 60 * chosen.resources.training_minutes
    outcome = Outcome("failed", "train", "the process ended without a word")
    try:
        for message in messages(
            _fit,
            (plan.experiment.model_dump(), prior, threads),
            first_limit=60 * MODEL_LOADING_MINUTES,
            limit=limit,
        ):
            if message[0] == "end":
                outcome = Outcome(**message[1])
    except WorkerTimeout as error:
        outcome = Outcome.of_timeout(error.seconds, "train")
    except WorkerDied as error:
        outcome = Outcome("failed", "train", str(error))
    except MachineError as error:
        if not final:
            raise
        outcome = Outcome("failed", "train", str(error))
    say(f"{prior}: {outcome.reason or f'fitted in {outcome.seconds:.1f} s'}")
    model = Path(plan.layout.model(prior))
    if not Path(plan.layout.curve(prior)).exists():
        write_curve(Path(plan.layout.curve(prior)), [])
    spec = {**chosen.describe(), "train_on": chosen.train_on, "seed": plan.experiment.seed, "threads": threads}
    write_json(Path(plan.layout.model_spec(prior)), spec)
    digest = file_sha256(model) if outcome.ok else ""
    write_json(Path(plan.layout.training(prior)), {"sha256": digest, **outcome.as_dict()})
    return outcome


def _fit(send: Callable[[Any], None], experiment: dict[str, Any], name: str, threads: int) -> None:
    """Fit in the worker's process: send a word at the start and the outcome at the end."""
    import torch

    from priorbench.checkpoints import Checkpoint
    from priorbench.data.tensors import read_tensor
    from priorbench.priors import Context
    from priorbench.stages.device import available_device

    torch.set_num_threads(threads)
    plan = Plan(Experiment.model_validate(experiment))
    chosen = plan.prior(name)
    rows: list[dict[str, float]] = []
    try:
        prior = chosen.build()
        manifest = read_manifest(Path(plan.layout.images(chosen.train_on)))
        names = [image for image in plan.dataset(chosen.train_on).images if manifest[image].outcome.ok]
        if not names:
            raise ValueError(f"no image of the data set {chosen.train_on} can be read")
        images = [read_tensor(Path(plan.layout.image(chosen.train_on, image))) for image in names]
        send(("begin",))
        measure = Measure()
        # The name, not the id: the variants of one prior learn from the same random draws and can be compared.
        seed = derive_seed(plan.experiment.seed, "train", chosen.train_on, chosen.spec.name)
        key = fingerprint([chosen.fingerprint, seed, threads, {name: manifest[name].sha256 for name in names}])
        checkpoint = Checkpoint(Path(plan.layout.checkpoint(name)), key)
        device = available_device(chosen.resources.gpus)
        context = Context.seeded(seed, checkpoint=checkpoint, device=device)
        spoken = time.monotonic()
        for row in prior.fit(images, context):
            rows.append(dict(row))
            if time.monotonic() - spoken > 2:
                spoken = time.monotonic()
                say(f"{name}: " + ", ".join(f"{key} {value:.6g}" for key, value in row.items()))
        prior.save(Path(plan.layout.model(name)))
        checkpoint.discard()
        outcome = Outcome(OK, "train", seconds=measure.seconds, peak_memory_mb=measure.peak_memory_mb)
    except (Exception, SystemExit) as error:
        outcome = Outcome.of_exception(error, "train")
        say(outcome.traceback)
    write_curve(Path(plan.layout.curve(name)), rows)
    send(("end", outcome.as_dict()))
