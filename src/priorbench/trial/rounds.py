"""The jobs of a trial: the commands of the workflow's rules, in rounds, several at a time."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from priorbench.errors import MachineError
from priorbench.plan import Plan
from priorbench.seeds import HASH_SEED
from priorbench.store.chunk import Chunk

SHOWN = 12
"""Last lines of the log of a job that failed."""


@dataclass(frozen=True)
class Job:
    """A stage with its options.

    Args:
        stage: the command.
        options: as the command line has them.
        log: where it writes what it says.
    """

    stage: str
    options: tuple[str, ...]
    log: Path


@dataclass(frozen=True)
class Round:
    """Jobs that need nothing of each other.

    Args:
        doing: what they do, for people.
        jobs: the jobs.
    """

    doing: str
    jobs: Sequence[Job]


def rounds(plan: Plan) -> Iterator[Round]:
    """Yield the jobs of a trial; each round needs the ones before it.

    Of tunings there are those of solvers, which need no other tuning.
    """
    log = plan.layout.log_file

    def of_chunk(stage: str, chunk: Chunk) -> Job:
        names = ("--dataset", chunk.dataset, "--prior", chunk.prior, "--chunk", str(chunk.number))
        return Job(stage, names, log(stage.partition("-")[0], chunk))

    yield Round(
        "reading images",
        [Job("prepare", ("--dataset", name), log("prepare", name)) for name in plan.datasets],
    )
    corrupting = [
        Job("corrupt", ("--dataset", name, "--task", task), log("corrupt", name, task))
        for name in plan.test
        for task in plan.tasks
    ]
    training = [Job("train", ("--prior", name), log("train", name)) for name in plan.learners]
    # What takes longest begins first.
    yield Round("corrupting images, training priors", [*training, *corrupting])
    tuned = {prior: plan.tunings.of_prior(prior) for prior in plan.priors}
    tuning = [
        Job("tune", ("--target", target, "--prior", prior), log("tune", target, prior))
        for prior, targets in tuned.items()
        for target in targets
    ]
    chunks = list(plan.all_chunks())
    ready = [of_chunk("restore-chunk", chunk) for chunk in chunks if not tuned[chunk.prior]]
    waiting = [of_chunk("restore-chunk", chunk) for chunk in chunks if tuned[chunk.prior]]
    if tuning:
        yield Round("tuning solvers, restoring with the others", [*tuning, *ready])
    yield Round("restoring", waiting if tuning else ready)
    yield Round("scoring", [of_chunk("score", chunk) for chunk in chunks])
    yield Round("gathering", [Job("gather", (), log("gather"))])


def run(plan: Plan, jobs: Sequence[Job], cores: int) -> None:
    """Run jobs, at most ``cores`` at a time.

    Raises:
        MachineError: one of them ends with an error; what a plugin does wrong is a result instead.
    """
    with ThreadPoolExecutor(cores) as pool:
        codes = list(pool.map(lambda job: _run(plan, job), jobs))
    for job, code in zip(jobs, codes, strict=True):
        if code:
            lines = job.log.read_text(encoding="utf-8", errors="replace").splitlines()
            what = " ".join([job.stage, *job.options])
            raise MachineError(
                "\n".join([f"{what} ended with {code}; {job.log}:", *lines[-SHOWN:]])
            )


def _run(plan: Plan, job: Job) -> int:
    """Run a job as a rule of the workflow does, and return its exit status."""
    command = [sys.executable, "-m", "priorbench", job.stage]
    job.log.parent.mkdir(parents=True, exist_ok=True)
    with job.log.open("wb") as log:
        return subprocess.run(
            [*command, "--config", str(plan.layout.config()), *job.options],
            env={**os.environ, "PYTHONHASHSEED": HASH_SEED},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            check=False,
        ).returncode
