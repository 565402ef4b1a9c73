r"""What the solver costs: PSNR on training crops over the number of steps, with the default's place
on it.

    PRIORBENCH_DATA=… python benchmarks/solver.py --prior gmm nlm wavelet --figure solver.png
    PRIORBENCH_DATA=… python benchmarks/solver.py --prior gmm --model gmm-K50.safetensors \
        --parameters '{"n_components": 50, "mode": "fast"}' --images set12 --side 160 --steps 16

For each prior and regime, three iterations with the default's levels and trust: half-quadratic
splitting (plain), with momentum (Nesterov's) and with a dual variable (ADMM). A star marks the
default. The model of a prior that learns is trained on whole training images unless given; ffdnet
has the weights of its authors. Constants are chosen on training images; set12 is for the final
number.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import torch
from continuation import TASKS as ALL
from continuation import schedules
from ffdnet import FFDNet
from training_crops import ROOT, crops, mean_psnr, photographs, prior

from priorbench.data.images import read_image
from priorbench.data.tensors import to_tensor
from priorbench.plugins.manager import load_plugins
from priorbench.specs.solver_settings import Regime

TASKS: dict[Regime, tuple[str, ...]] = {
    "missing": ("inpaint 50", "noisy 50"),
    "mixed": ("shake",),
    "mixed_noise_free": ("sr x2",),
}
ITERATIONS = {"plain": (0.0, False), "momentum": (None, False), "dual": (None, True)}
"""Momentum, None for the default's where it has some and 0.5 elsewhere, and whether there is a dual
variable.
"""


@dataclass(frozen=True)
class Point:
    """One mean: of a restoration with a given number of steps, on one task."""

    prior: str
    task: str
    iteration: str
    steps: int
    psnr: float
    seconds: float
    default: bool


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--prior", nargs="+", default=["gmm", "nlm"])
    parser.add_argument("--model", type=Path, help="fitted model of the only prior")
    parser.add_argument("--parameters", type=json.loads, help="its parameters as JSON")
    parser.add_argument("--steps", nargs="+", type=int, default=[4, 8, 12, 16, 24, 48])
    parser.add_argument("--regime", choices=tuple(TASKS), nargs="+", default=tuple(TASKS))
    parser.add_argument("--images", choices=("training", "set12"), default="training")
    parser.add_argument("--side", type=int, default=128, help="pixels of a crop")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--figure", type=Path, help="PNG to write")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    images = photographs()
    squares = crops(images if arguments.images == "training" else set12(), arguments.side)
    points: list[Point] = []
    for name in arguments.prior:
        model = loaded(name, arguments, images)
        for regime in arguments.regime:
            points += curves(name, model, regime, squares, arguments.steps)
    if arguments.figure:
        draw(points, arguments.figure)


def set12() -> list[torch.Tensor]:
    """Return the twelve gray images."""
    files = sorted(Path(os.environ["PRIORBENCH_DATA"], "set12").glob("*.png"))
    return [to_tensor(read_image(file)) for file in files]


def loaded(name: str, arguments: argparse.Namespace, images: list[torch.Tensor]) -> Any:
    """Return a prior with its model."""
    if name == "ffdnet":
        return FFDNet()
    if not arguments.model:
        return prior(name, images)
    entry = load_plugins([ROOT / "plugins"]).priors[name]
    made = entry.load()(**entry.spec.parameters(**arguments.parameters or {}).model_dump())
    made.load(arguments.model)
    return made


def curves(
    name: str, model: Any, regime: Regime, squares: list[torch.Tensor], steps: list[int]
) -> list[Point]:
    """Measure and print one prior in one regime."""
    table = schedules(model)
    default = table[regime]
    points = []
    for iteration, (momentum, dual) in ITERATIONS.items():
        if momentum is None:
            momentum = default.momentum if default.dual == dual else 0.0 if dual else 0.5
        for count in sorted({*steps, len(default.levels)}):
            changed = replace(default, momentum=momentum, dual=dual)
            changed = replace(changed, levels=(default.levels[0],) * count)
            changed = changed.between(default.levels[0], default.levels[-1])
            table[regime] = changed
            for task in TASKS[regime]:
                began = time.process_time()
                psnr = mean_psnr(model, ALL[regime][task], squares)
                seconds = (time.process_time() - began) / len(squares)
                points.append(
                    Point(name, task, iteration, count, psnr, seconds, changed == default)
                )
    table[regime] = default
    for task in TASKS[regime]:
        print(f"{name}, {task}: PSNR in dB (processor seconds an image) over the steps")
        for iteration in ITERATIONS:
            cells = [
                f"{p.steps}: {p.psnr:.2f}{'*' if p.default else ''} ({p.seconds:.2f})"
                for p in points
                if (p.task, p.iteration) == (task, iteration)
            ]
            print(f"  {iteration:<9}", "  ".join(cells), flush=True)
    return points


def draw(points: list[Point], path: Path) -> None:
    """Draw one panel for each prior and task."""
    names = list(dict.fromkeys(p.prior for p in points))
    tasks = list(dict.fromkeys(p.task for p in points))
    figure, axes = plt.subplots(
        len(names),
        len(tasks),
        figsize=(2.6 * len(tasks), 2.1 * len(names)),
        squeeze=False,
        layout="constrained",
        sharex=True,
    )
    for row, name in zip(axes, names, strict=True):
        for axis, task in zip(row, tasks, strict=True):
            for iteration in ITERATIONS:
                own = [
                    p for p in points if (p.prior, p.task, p.iteration) == (name, task, iteration)
                ]
                axis.plot(
                    [p.steps for p in own], [p.psnr for p in own], "-o", ms=3, lw=1, label=iteration
                )
            for p in points:
                if p.default and (p.prior, p.task) == (name, task):
                    axis.plot(p.steps, p.psnr, "k*", ms=10, label="default", zorder=3)
            best = max(p.psnr for p in points if (p.prior, p.task) == (name, task))
            # What is far below the rest would flatten all that matters.
            axis.set_ylim(bottom=max(axis.get_ylim()[0], best - 2))
            axis.set_title(f"{name}, {task}", fontsize=9)
            axis.set_xscale("log", base=2)
            axis.set_xticks([4, 8, 16, 32], ["4", "8", "16", "32"])
            axis.tick_params(labelsize=8)
            axis.grid(alpha=0.3)
    for axis in axes[-1]:
        axis.set_xlabel("steps", fontsize=8)
    for axis in axes[:, 0]:
        axis.set_ylabel("PSNR in dB", fontsize=8)
    handles, labels = axes[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", ncols=4, fontsize=8)
    figure.savefig(path, dpi=150)


if __name__ == "__main__":
    main()
