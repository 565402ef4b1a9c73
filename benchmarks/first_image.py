"""What the first image of a job is charged with that the second one is not.

    snakemake --cores 2
    python benchmarks/first_image.py

For every prior and task of ``config.yaml``, in a process of its own as a job is one: restore the
same 64 × 64 crop twice, as :func:`priorbench.jobs.attempt.solve` does and measures it, with the
models of a finished run. Prints processor seconds, which other work on the machine changes least,
of the first and of the second restoration, and of what is done before the clock starts. A
difference is what a job of one image pays and a job of many does not.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from pathlib import Path

SIDE = 64


def seconds(config: str, prior: str, task: str) -> list[float]:
    """Return the measured seconds of both restorations, and those that the first one took beyond
    them.
    """
    import torch

    from priorbench.config import load_experiment
    from priorbench.data.tensors import read_tensor
    from priorbench.jobs.attempt import solve
    from priorbench.plan import Plan
    from priorbench.priors import Context

    torch.set_num_threads(1)
    plan = Plan(load_experiment(Path(config)))
    chosen, dataset = plan.prior(prior), plan.test[0]
    model = chosen.build()
    if chosen.spec.learns:
        model.load(plan.layout.model(prior))
    image = next(iter(plan.dataset(dataset).images))
    clean = read_tensor(plan.layout.image(dataset, image))[..., 48 : 48 + SIDE, 48 : 48 + SIDE]
    problem = plan.task(task).build().corrupt(clean, torch.Generator().manual_seed(0))
    measured = []
    for _ in range(2):
        # Through bytes, as a job reads a problem: nothing that one restoration left is there for
        # the next.
        path = Path(f"/tmp/first-image-{prior}-{task}.npz")
        problem.save(path)
        again = type(problem).load(path)
        path.unlink()
        began = time.process_time()
        outcome, _ = solve(model, again, Context.seeded(0), 0, "restore", 600)
        charged = outcome.processor_seconds
        assert charged is not None
        measured += [charged, time.process_time() - began - charged]
    return [measured[0], measured[2], measured[1]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--config", default="config.yaml")
    parser.add_argument("--priors", nargs="*", help="ids; all by default")
    parser.add_argument("--tasks", nargs="*", help="ids; all by default")
    parser.add_argument("--work", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.work:
        print(json.dumps(seconds(**json.loads(arguments.work))))
        return
    from priorbench.config import load_experiment
    from priorbench.plan import Plan

    plan = Plan(load_experiment(Path(arguments.config)))
    print("| prior | task | first (s) | second (s) | difference (s) | before the clock (s) |")
    print("|---|---|---|---|---|---|")
    for cell in plan.cells():
        task, prior = cell.task, cell.prior
        if arguments.priors and prior not in arguments.priors:
            continue
        if arguments.tasks and task not in arguments.tasks:
            continue
        work = {"config": arguments.config, "prior": prior, "task": task}
        command = [sys.executable, __file__, "--work", json.dumps(work)]
        ended = subprocess.run(command, capture_output=True, text=True)
        if ended.returncode:
            reason = ended.stderr.strip().splitlines()[-1]
            print(f"| {prior} | {task} | {reason} | | | |", flush=True)
            continue
        first, second, before = json.loads(ended.stdout)
        cells = [first, second, first - second, before]
        print(
            f"| {prior} | {task} | " + " | ".join(f"{cell:.2f}" for cell in cells) + " |",
            flush=True,
        )


if __name__ == "__main__":
    main()
