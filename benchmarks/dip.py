"""The Deep Image Prior: its PSNR in a minute, losses of its stopping rules, spread of its runs.

    PRIORBENCH_DATA=/path/to/images python benchmarks/dip.py minute --model gmm-K200.safetensors
    PRIORBENCH_DATA=/path/to/images python benchmarks/dip.py stopping [--images 10]
    PRIORBENCH_DATA=/path/to/images python benchmarks/dip.py spread [--seeds 5]
    PRIORBENCH_DATA=/path/to/images python benchmarks/dip.py collapse [--seeds 50]

``minute``: 256 × 256 images of Set12, σ = 25, two threads, beside total variation and EPLL.
``stopping``: crops of 128 × 128 of Set12, three tasks, the rules and the clean image's peak along
one run each. ``spread``: one crop, several seeds, one run and the average of two. ``collapse``: the
crop, the three tasks in turn, a seed each: how far a run that nothing stops ends below its own
best, and how often it went back to earlier weights.
"""

from __future__ import annotations

import argparse
import itertools
import os
import statistics
import time
from pathlib import Path
from typing import Any

import torch

from priorbench.data.images import read_image
from priorbench.data.tensors import to_array, to_tensor
from priorbench.metrics.fidelity import psnr
from priorbench.numerics.threads import workers
from priorbench.plugins.manager import load_plugins
from priorbench.priors import Context
from priorbench.problem import Problem
from priorbench.solvers import restore
from priorbench.tasks import Denoise, Inpaint, SuperResolve
from priorbench.types import Image

REGISTRY = load_plugins([Path(__file__).parents[1] / "plugins"])
DIP = REGISTRY.priors["dip"].load()
# Loading the folder has made its plugins importable.
from plugins.dip import stopping as stopping_rules  # noqa: E402
from plugins.dip.run import Run  # noqa: E402

TASKS = {"denoise-25": Denoise(25), "inpaint-50": Inpaint(50), "sr-x2": SuperResolve(2)}
GOAL_DB = 0.3
COLLAPSE_DB = 2.0


def photographs(count: int, side: int) -> dict[str, Image]:
    """Return squares from the middle of the first images of Set12."""
    files = sorted(Path(os.environ["PRIORBENCH_DATA"], "set12").glob("*.png"))[:count]
    images = {file.stem: to_tensor(read_image(file)) for file in files}
    return {name: _middle(image, side) for name, image in images.items()}


def _middle(image: Image, side: int) -> Image:
    top, left = ((n - side) // 2 for n in image.shape[-2:])
    return image[:, :, top : top + side, left : left + side].contiguous()


def compare(image: Image, clean: Image) -> float:
    """Return the PSNR in dB."""
    return psnr(to_array(image), to_array(clean))


def minute(arguments: argparse.Namespace) -> None:
    """Print the PSNR of each prior and the seconds it took."""
    gmm = REGISTRY.priors["gmm"].load()()
    gmm.load(arguments.model)
    priors: dict[str, Any] = {
        "dip": DIP(iterations=arguments.iterations),
        "total variation": REGISTRY.priors["tv"].load()(
            **REGISTRY.priors["tv"].spec.parameters().model_dump()
        ),
        "EPLL": gmm,
    }
    for name, clean in photographs(arguments.images, 256).items():
        problem = Denoise(25).corrupt(clean, torch.Generator().manual_seed(0))
        for label, prior in priors.items():
            began = time.perf_counter()
            image = restore(prior, problem, Context.seeded(0)).image
            print(
                f"{name}, {label}: {compare(image, clean):.2f} dB, "
                f"{time.perf_counter() - began:.1f} s",
                flush=True,
            )


def stopping(arguments: argparse.Namespace) -> None:
    """Print what each rule loses against the peak that the clean image shows."""
    lost: dict[str, list[float]] = {}
    for (task, corrupt), (name, clean) in itertools.product(
        TASKS.items(), photographs(arguments.images, 128).items()
    ):
        problem = corrupt.corrupt(clean, torch.Generator().manual_seed(0))
        rules, peak = watch(problem, clean, arguments.iterations)
        for rule, value in rules.items():
            lost.setdefault(f"{task}, {rule}", []).append(peak - value)
        said = ", ".join(f"{rule} {value:.2f}" for rule, value in rules.items())
        print(f"{task}, {name}: peak {peak:.2f} dB; {said}", flush=True)
    for rule, values in lost.items():
        print(f"{rule}: {statistics.mean(values):.2f} dB below the peak on average, goal {GOAL_DB}")


def watch(problem: Problem, clean: Image, iterations: int) -> tuple[dict[str, float], float]:
    """Return the PSNR of what each rule chooses along one run, and the highest of all."""
    parameters = DIP(iterations=iterations, stopping="held-out", patience=iterations).parameters
    run = Run(parameters, problem, 0, torch.device("cpu"))
    rules = {
        "held-out": run.rule,
        "variance": stopping_rules.MovingVariance(10, iterations),
        "fixed": stopping_rules.Fixed(),
    }
    if problem.sigma:
        rules["discrepancy"] = stopping_rules.Discrepancy(problem.sigma)
    peak = 0.0
    with workers(torch.get_num_threads()):
        for step in run.steps():
            if step.iteration % stopping_rules.LOOK == 0:
                estimate = run.average
                assert estimate is not None
                peak = max(peak, compare(estimate, clean))
                for rule in rules.values():
                    if not rule.done:
                        errors = run.data_term.errors(estimate)
                        rule.look(step.iteration, estimate, step.output, *errors)
            if step.iteration == iterations:
                break
    best = {name: rule.best for name, rule in rules.items()}
    return {name: compare(each, clean) for name, each in best.items() if each is not None}, peak


def spread(arguments: argparse.Namespace) -> None:
    """Print the mean and the standard deviation over seeds."""
    ((name, clean),) = photographs(1, 128).items()
    problem = Denoise(25).corrupt(clean, torch.Generator().manual_seed(0))
    for runs in (1, 2):
        prior = DIP(iterations=arguments.iterations, runs=runs)
        found = [
            compare(prior.restore(problem, Context.seeded(s)).image, clean)
            for s in range(arguments.seeds)
        ]
        print(
            f"{name}, {runs} runs: mean {statistics.mean(found):.2f} dB, standard deviation "
            f"{statistics.stdev(found):.2f} dB, from {min(found):.2f} to {max(found):.2f}",
            flush=True,
        )


def collapse(arguments: argparse.Namespace) -> None:
    """Print how many runs fall apart before their last iteration."""
    ((name, clean),) = photographs(1, 128).items()
    parameters = DIP(iterations=arguments.iterations, stopping="fixed").parameters
    fallen, returned = [], 0
    for seed, corrupt in zip(range(arguments.seeds), itertools.cycle(TASKS.values())):
        problem = corrupt.corrupt(clean, torch.Generator().manual_seed(seed))
        run = Run(parameters, problem, seed, torch.device("cpu"))
        found = []
        with workers(torch.get_num_threads()):
            for _ in run.fit():
                assert run.average is not None
                found.append(compare(run.average, clean))
                returned += run.descent.guard.returns
        fallen.append(max(found) - found[-1])
        print(f"seed {seed}: {found[-1]:.2f} dB, {fallen[-1]:.2f} below its best", flush=True)
    collapsed = sum(fall > COLLAPSE_DB for fall in fallen)
    print(
        f"{name}, {len(fallen)} runs: {collapsed} end more than {COLLAPSE_DB:g} dB below their "
        f"best, the worst {max(fallen):.2f} dB; looks that found a run gone back: {returned}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("part", choices=("minute", "stopping", "spread", "collapse"))
    parser.add_argument(
        "--model", type=Path, default=Path("gmm-K200.safetensors"), help="a trained gmm"
    )
    parser.add_argument("--iterations", type=int, default=250)
    parser.add_argument("--images", type=int, default=3)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    {"minute": minute, "stopping": stopping, "spread": spread, "collapse": collapse}[
        arguments.part
    ](arguments)


if __name__ == "__main__":
    main()
