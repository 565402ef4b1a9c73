"""Stage ``restore``: one prior restores one chunk of problems, and draws samples where they are
asked for. It never opens a clean image.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from itertools import groupby
from typing import Any

from priorbench.config import Experiment
from priorbench.errors import raise_if_storage
from priorbench.jobs.log import PacedLog, in_words, say, say_that_it_waits
from priorbench.jobs.pool import Begun, Done, run_each
from priorbench.jobs.ready import ready
from priorbench.jobs.restorations import Restorations
from priorbench.jobs.worker import available_threads, limit_threads, out_of_sight
from priorbench.plan import Plan, PriorPlan
from priorbench.store.cell import Cell
from priorbench.store.chunk import Chunk
from priorbench.store.environment import write_environment
from priorbench.store.files import write_json, write_rows
from priorbench.store.locks import locked
from priorbench.store.outcome import Outcome
from priorbench.store.sampling import Sampling
from priorbench.store.status import Status

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
        work = {part.cell: Restorations(plan, part.cell) for part in chunk.parts}
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
            if not work[cell].recorded(image):
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
            outcome = outcomes[cell, image] = work[cell].settled(image, outcome)
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


def _restore_each(
    send: Callable[[Any], None],
    experiment: Experiment,
    restorations: list[tuple[Cell, str]],
) -> None:
    """Restore in the worker's process; a cell's images follow one another."""
    import torch

    plan = Plan(experiment)
    loaded = _Loaded(plan)
    restored: list[tuple[Restorations, str]] = []
    for cell, items in groupby(restorations, key=lambda restoration: restoration[0]):
        work = Restorations(plan, cell)
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
            outcome = unusable or work.recorded(image) or _restore_image(work, prior, image)
            if not outcome.ok:
                say(outcome.traceback or outcome.reason)
            if work.lacks_samples(image, outcome):
                _sample_image(send, work, prior, image)
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


def _restore_image(work: Restorations, prior: object, image: str) -> Outcome:
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


def _sample_image(
    send: Callable[[Any], None], work: Restorations, prior: object, image: str
) -> None:
    """Draw the samples of one image, write them, and record how it ended.

    Each draw has the time limit of a restoration to itself, and a seed of its own; those that an
    attempt before this one has kept are not drawn again.

    Raises:
        StorageError: they can't be written.
    """
    from priorbench.data.samples import write_samples
    from priorbench.data.tensors import to_array
    from priorbench.jobs.device import available_device
    from priorbench.jobs.draws import draw
    from priorbench.jobs.usage import Measure
    from priorbench.priors import Context
    from priorbench.problem import Problem
    from priorbench.store.checkpoints import Checkpoint

    path = work.layout.samples_checkpoint(work.cell, image).absolute()
    lines = PacedLog(5)
    try:
        device = available_device(work.prior.resources.gpus)
        problem = Problem.load(work.problem(image)).to(device)
        checkpoint = Checkpoint(path, work.sampling_key(image))
        kept = checkpoint.load() or {}
        measure = Measure(device)
        drawn = [kept[str(number)] for number in range(len(kept))]
        for number in range(len(drawn), work.samples):
            send(Begun())
            seed = work.sampling_seed(image, number)
            context = Context.seeded(seed, device=device, solver=work.solver)
            with out_of_sight():
                drawn.append(draw(prior, problem, context, seed, work.sampler).cpu())
            checkpoint.save(lambda: {str(index): each for index, each in enumerate(drawn)})
            lines.say(lambda: f"{work.cell}/{image}: {len(drawn)} of {work.samples} samples")
        usage = measure.usage(checkpoint.spent)
        write_samples(work.samples_file(image), [to_array(each) for each in drawn])
        sampling = Sampling(
            Status.OK,
            count=len(drawn),
            seconds=usage.seconds,
            processor_seconds=usage.processor_seconds,
        )
    except (Exception, SystemExit) as error:
        raise_if_storage(error)
        failure = Outcome.of_exception(error, "restore")
        say(failure.traceback or f"{work.cell}/{image}: no samples: {failure.reason}")
        sampling = Sampling.of_failure(failure)
    work.sampling_memo(image).keep(sampling)
