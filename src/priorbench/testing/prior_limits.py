"""Checks of a prior's limits: memory, deadline, kill and device."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

import torch
from torch import Tensor

from priorbench.jobs.deadline import LEAST
from priorbench.jobs.usage import Measure
from priorbench.store.checkpoints import Checkpoint
from priorbench.testing.check import CheckFailed, Skipped, check
from priorbench.testing.prior_images import LARGE
from priorbench.testing.prior_subject import PriorSubject

KEY = "check"


class Killed(BaseException):
    """Stands for the end of the process: no prior catches it by accident."""


class KilledAt(Checkpoint):
    """A checkpoint that is written whenever it is asked to, and then kills once.

    Args:
        path: its file.
        last: the number of the writing after which the process is thought to be killed; None for
            never.

    Attributes:
        written: how many times it was written.
    """

    def __init__(self, path: Path, last: int | None = None) -> None:
        super().__init__(path, KEY, every=0)
        self.written, self._last = 0, last

    def save(self, state: Callable[[], Mapping[str, Tensor]]) -> None:
        """Write, and raise :class:`Killed` after the last time."""
        super().save(state)
        self.written += 1
        if self.written == self._last:
            raise Killed


@check("restores", "large_images")
def memory_as_declared(subject: PriorSubject) -> None:
    """A restoration takes no more memory than the record declares."""
    resources = subject.spec.resources
    problem = subject.problem(*LARGE)
    channels, height, width = problem.image_shape
    declared = resources.memory_mb + resources.memory_mb_per_megapixel * (
        channels * height * width / 1e6
    )
    measure = Measure()
    subject.restore(problem)
    peak = measure.usage().peak_memory_mb
    if peak > declared:
        raise CheckFailed(
            f"an image of {height} × {width} takes {peak:.0f} MiB with the process around it, and "
            f"the record declares {declared:.0f}: a cluster would kill the job; raise memory_mb "
            "or memory_mb_per_megapixel of its Resources, or take less"
        )


@check("restores", "large_images")
def deadline_kept(subject: PriorSubject) -> None:
    """A restoration whose deadline has passed ends at once, with what it has."""
    problem = subject.problem(*LARGE)
    measure = Measure()
    context = subject.context(full=True, deadline=time.monotonic())
    result = subject.restoration(problem, context=context)
    usage = measure.usage()
    # On a machine that is busy the clock says little.
    seconds = min(usage.seconds, usage.processor_seconds)
    if result.timed_out and not torch.isfinite(result.image).all():
        raise CheckFailed("the image that it gives at its deadline holds NaN or infinite values")
    if seconds <= LEAST:
        if result.timed_out:
            return
        raise Skipped(f"it needs no deadline: it takes no more than {LEAST:g} s")
    raise CheckFailed(
        f"its deadline had passed, and it went on for {seconds:.1f} s: look at context.time_left() "
        "in each iteration, and return Restoration(estimate, timed_out=True) when it is negative; "
        "otherwise the process is killed later and nothing is left of the image"
    )


@check("restores", "same_seed_same_image")
def checkpoint_resumed(subject: PriorSubject) -> None:
    """A restoration that is killed goes on from its checkpoint, to the same image."""
    problem = subject.problem()

    def image(checkpoint: Checkpoint) -> Tensor:
        prior = subject.again() if subject.source else subject.prior
        return subject.restore(problem, prior, subject.context(checkpoint=checkpoint))

    fault = resuming(image)
    if fault:
        raise CheckFailed(f"a restoration that was killed and begun again {fault}")


@check("restores")
def runs_on_a_gpu(subject: PriorSubject) -> None:
    """A prior that asks for a GPU restores there, and leaves the image there."""
    if not subject.spec.resources.gpus:
        raise Skipped("it asks for no GPU")
    if not torch.cuda.is_available():
        raise Skipped("this machine has no GPU")
    device = torch.device("cuda")
    image = subject.restore(subject.problem().to(device), context=subject.context(device=device))
    if image.device.type != device.type:
        raise CheckFailed(f"the image is on {image.device}: compute on context.device")


def resuming(work: Callable[[Checkpoint], Tensor]) -> str:
    """Return what is wrong with how work goes on from its checkpoint; nothing if all is well.

    Args:
        work: does it with a checkpoint and returns what is compared.

    Raises:
        Skipped: it keeps no checkpoint.
    """
    with tempfile.TemporaryDirectory(prefix="priorbench-") as folder:
        whole = KilledAt(Path(folder, "whole"))
        expected = work(whole)
        if whole.written < 2:
            raise Skipped("it keeps no checkpoint")
        path = Path(folder, "killed")
        with suppress(Killed):
            work(KilledAt(path, last=whole.written // 2))
        rest = KilledAt(path)
        found = work(rest)
    if rest.written >= whole.written:
        return "begins at the start: load context.checkpoint, and go on from it"
    if found.shape != expected.shape or not torch.equal(found, expected):
        return (
            "gives something else than one that was not: keep all that changes in the checkpoint, "
            "the state of context.generator too if it draws from it"
        )
    return ""


LIMITS = (memory_as_declared, deadline_kept, checkpoint_resumed, runs_on_a_gpu)
