r"""Convergence of latent search, joint MAP and the Deep Image Prior: PSNR along their iterations.

    PRIORBENCH_DATA=… python benchmarks/iterations.py --figure solver_others.png

PSNR on training crops over the steps: of Adam for latent search, of the splitting for joint MAP
(each with the autoencoder of tiles, trained on the training images unless given), of the network's
fit for the Deep Image Prior. A star is what the prior gives back: its default number of steps, or
where its stopping rule stops.
"""

from __future__ import annotations

import argparse
import statistics
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import torch
from continuation import TASKS as SPLITTING
from training_crops import ROOT, crops, mean_psnr, photographs

from priorbench.data.tensors import to_array
from priorbench.metrics.fidelity import psnr
from priorbench.networks.data_term import data_consistent
from priorbench.plugins.manager import load_plugins
from priorbench.priors import Context
from priorbench.solvers import half_quadratic
from priorbench.tasks import Task
from priorbench.types import Image

TASKS: dict[str, Task] = {
    name: task
    for tasks in SPLITTING.values()
    for name, task in tasks.items()
    if name in ("inpaint 50", "shake", "sr x2")
}
REGISTRY = load_plugins([ROOT / "plugins"])
SEARCHES = (12, 25, 50, 100, 200, 400)
SHARES = (0.25, 0.5, 1.0, 2.0, 4.0)
"""Steps of the splitting, as parts of the default's."""


@dataclass(frozen=True)
class Curve:
    """PSNR over steps, and what the prior gives back."""

    iteration: str
    task: str
    steps: tuple[float, ...]
    psnr: tuple[float, ...]
    chosen: tuple[float, float]

    def __str__(self) -> str:
        points = "  ".join(f"{n:g}: {v:.2f}" for n, v in zip(self.steps, self.psnr, strict=True))
        at, value = self.chosen
        return (
            f"{self.iteration}, {self.task}: {value:.2f} dB at {at:g}, "
            f"{max(self.psnr) - value:.2f} below the best of the mean; {points}"
        )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", type=Path, help="a fitted vae of the same parameters")
    parser.add_argument("--vae-iterations", type=int, default=900, help="those of its training")
    parser.add_argument("--dip-iterations", type=int, default=250)
    parser.add_argument("--side", type=int, default=64, help="pixels of a crop")
    parser.add_argument("--figure", type=Path, help="PNG to write")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    squares = crops(photographs(), arguments.side)
    autoencoder = fitted(arguments.model, arguments.vae_iterations)
    found = []
    for curve in (
        *latent_search(autoencoder, squares),
        *joint_map(autoencoder, squares),
        *deep_image_prior(squares, arguments.dip_iterations),
    ):
        print(curve, flush=True)
        found.append(curve)
    if arguments.figure:
        draw(found, arguments.figure)


def fitted(path: Path | None, iterations: int) -> Any:
    """Return the autoencoder of tiles, trained on other images than those of the crops."""
    entry = REGISTRY.priors["vae"]
    changes = {"iterations": iterations}
    made = entry.load()(**entry.spec.parameters(**changes).model_dump())
    if path:
        made.load(path)
    else:
        images = [image.mean(1, keepdim=True) for image in photographs(7, 10)]
        for _ in made.fit(images, Context.seeded(0)):
            pass
    return made


def latent_search(autoencoder: Any, squares: list[Image]) -> Iterator[Curve]:
    """Measure the search of codes over the steps of Adam."""
    parameters = autoencoder.parameters
    for name, task in TASKS.items():
        values = {}
        for steps in sorted({*SEARCHES, parameters.search_steps}):
            changes = {"mode": "latent", "search_steps": steps}
            autoencoder.parameters = parameters.model_copy(update=changes)
            values[steps] = mean_psnr(autoencoder, task, squares)
        chosen = parameters.search_steps, values[parameters.search_steps]
        yield Curve("latent search", name, tuple(values), tuple(values.values()), chosen)
    autoencoder.parameters = parameters


def joint_map(autoencoder: Any, squares: list[Image]) -> Iterator[Curve]:
    """Measure joint MAP over the steps of the splitting, with the same first and last level."""
    parameters = autoencoder.parameters
    autoencoder.parameters = parameters.model_copy(update={"mode": "jpmap"})
    for regime, tasks in SPLITTING.items():
        default = half_quadratic.SCHEDULES[regime]
        for name in (name for name in tasks if name in TASKS):
            values = {}
            for share in SHARES:
                steps = round(share * len(default.levels))
                changed = replace(default, levels=default.levels[:1] * steps)
                half_quadratic.SCHEDULES[regime] = changed.between(
                    default.levels[0], default.levels[-1]
                )
                values[steps] = mean_psnr(autoencoder, TASKS[name], squares)
            half_quadratic.SCHEDULES[regime] = default
            chosen = len(default.levels), values[len(default.levels)]
            yield Curve("joint MAP", name, tuple(values), tuple(values.values()), chosen)
    autoencoder.parameters = parameters


def deep_image_prior(squares: list[Image], iterations: int) -> Iterator[Curve]:
    """Measure the fit of a network, and what its rule chooses, along runs that nothing stops."""
    plugin = REGISTRY.priors["dip"].load()
    from plugins.dip.run import Run
    from plugins.dip.stopping import LOOK

    prior = plugin(iterations=iterations)
    for name, task in TASKS.items():
        along: dict[int, list[float]] = {}
        ends, chosen = [], []
        for seed, square in enumerate(squares):
            clean = task.fit(square)
            problem = task.corrupt(clean, torch.Generator().manual_seed(seed))
            run = Run(prior.parameters, problem, seed, torch.device("cpu"))
            end = iterations
            for step in run.steps():
                if step.iteration % LOOK == 0:
                    estimate = run.average
                    assert estimate is not None
                    shown = data_consistent(estimate, problem)
                    along.setdefault(step.iteration, []).append(compare(shown, clean))
                    if not run.rule.done:
                        errors = run.data_term.errors(estimate)
                        run.rule.look(step.iteration, estimate, step.output, *errors)
                        end = run.rule.at
                if step.iteration == iterations:
                    break
            ends.append(end)
            chosen.append(compare(data_consistent(run.estimate, problem), clean))
        means = tuple(map(statistics.fmean, along.values()))
        at = statistics.fmean(ends), statistics.fmean(chosen)
        yield Curve("Deep Image Prior", name, tuple(along), means, at)


def compare(image: Image, clean: Image) -> float:
    """Return the PSNR in dB."""
    return psnr(to_array(image), to_array(clean))


def draw(curves: list[Curve], path: Path) -> None:
    """Draw one panel for each iteration and task."""
    names = list(dict.fromkeys(curve.iteration for curve in curves))
    figure, axes = plt.subplots(
        len(names),
        len(TASKS),
        figsize=(2.8 * len(TASKS), 2.1 * len(names)),
        squeeze=False,
        layout="constrained",
        sharex="row",
    )
    for curve in curves:
        axis = axes[names.index(curve.iteration), list(TASKS).index(curve.task)]
        axis.plot(curve.steps, curve.psnr, "-o", ms=3, lw=1, label="PSNR")
        axis.plot(*curve.chosen, "k*", ms=10, label="given back", zorder=3)
        # What is far below the rest would flatten all that matters.
        axis.set_ylim(bottom=max(axis.get_ylim()[0], max(curve.psnr) - 2))
        axis.set_title(f"{curve.iteration}, {curve.task}", fontsize=9)
        axis.set_xscale("log", base=2)
        axis.xaxis.set_major_formatter("{x:g}")
        axis.tick_params(labelsize=8)
        axis.grid(alpha=0.3)
    for axis in axes[-1]:
        axis.set_xlabel("steps", fontsize=8)
    for axis in axes[:, 0]:
        axis.set_ylabel("PSNR in dB", fontsize=8)
    handles, labels = axes[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", ncols=2, fontsize=8)
    figure.savefig(path, dpi=150)


if __name__ == "__main__":
    main()
