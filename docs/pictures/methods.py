"""Figures of how a method works: the steps of EPLL, a run of the Deep Image Prior, dead leaves."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import torch
from matplotlib.figure import Figure

from plugins.dip.parameters import DIPParameters
from plugins.dip.run import Run
from priorbench.data.tensors import read_tensor, to_array
from priorbench.figures.canvas import new_figure
from priorbench.figures.gallery import Panel, draw_gallery
from priorbench.figures.style import PALETTE, WIDTH, styled
from priorbench.interactive.models import load_model
from priorbench.metrics.fidelity import psnr
from priorbench.plan import Plan
from priorbench.priors import Context
from priorbench.problem import Problem
from priorbench.solvers.epll import epll
from priorbench.solvers.half_quadratic import default_schedule
from priorbench.synthetic.dead_leaves import load_dead_leaves
from priorbench.synthetic.mini_dead_leaves import load_mini_dead_leaves
from priorbench.synthetic.sources import DeadLeavesParameters, MiniDeadLeavesParameters
from priorbench.tasks.denoise import Denoise

SIGMA = 25
"""Standard deviation of the noise, on the 0-255 scale."""

ITERATIONS = 1500
"""Of the Deep Image Prior: enough for its network to fit the noise as well."""

LOOK = 10
"""Iterations between two points of a curve."""

SIDE = 192
"""Of a picture of dead leaves, in pixels."""

SHEET = 8
"""Patches along each side of a sheet: few enough for each to be seen."""

NUMBER = "00004"
"""The image of each source that is shown."""


def epll_steps(plan: Plan, photograph: str, prior: str) -> Figure:
    """Draw a noisy photograph after each step of EPLL."""
    [dataset] = plan.experiment.test
    task = f"denoise-{SIGMA}"
    clean = read_tensor(plan.layout.image(dataset, photograph))
    plan.task(task).entry.load()  # Makes the task's operators known.
    problem = Problem.load(plan.layout.problem(dataset, task, photograph))
    model = load_model(plan, plan.prior(prior))
    schedule = default_schedule(problem)
    panels = []
    for count, level in enumerate(schedule.levels, 1):
        first = replace(schedule, levels=schedule.levels[:count])
        restored = to_array(
            epll(model, problem, Context(torch.Generator().manual_seed(0)), first).image
        )
        value = psnr(np.clip(restored, 0, 1), to_array(clean))
        panels.append(Panel(f"step {count}, s = {255 * level:.0f}", restored, f"{value:.2f} dB"))
    return draw_gallery(to_array(clean), to_array(problem.y), panels)


@styled
def dip_run(plan: Plan, photograph: str) -> Figure:
    """Draw the PSNR of the output of an untrained network while it is fitted to a noisy image."""
    [dataset] = plan.experiment.test
    clean = read_tensor(plan.layout.image(dataset, photograph))
    problem = Denoise(SIGMA).corrupt(clean, torch.Generator().manual_seed(0))
    rows = np.array(list(_fit(clean, problem)))
    figure = new_figure(WIDTH, 2.8)
    axes = figure.subplots()
    labels = (
        "to the clean photograph, which it never sees",
        "to the noisy one, to which it is fitted",
    )
    for column, (label, colour) in enumerate(zip(labels, PALETTE, strict=False), 1):
        axes.plot(rows[:, 0], rows[:, column], label=label, color=colour)
    best = rows[rows[:, 1].argmax()]
    axes.annotate(
        f"{best[1]:.1f} dB after {best[0]:.0f}",
        (best[0], best[1]),
        xytext=(0, 9),
        textcoords="offset points",
        ha="center",
    )
    axes.set(xlabel="iteration", ylabel="PSNR of the output in dB", xscale="log")
    axes.legend(frameon=False, loc="lower right")
    return figure


def _fit(clean: torch.Tensor, problem: Problem) -> Iterator[tuple[float, float, float]]:
    """Yield iteration, PSNR to the clean image and PSNR to the noisy one."""
    parameters = DIPParameters(
        channels=24, scales=4, iterations=ITERATIONS, stopping="fixed", average=0
    )
    run = Run(parameters, problem, 0, torch.device("cpu"))
    for step in run.steps():
        if step.iteration < LOOK or step.iteration % LOOK == 0:
            output = to_array(step.output)
            noisy = -10 * np.log10(np.mean((output - to_array(problem.y)) ** 2))
            yield step.iteration, psnr(np.clip(output, 0, 1), to_array(clean)), float(noisy)
        if step.iteration >= ITERATIONS:
            return


@styled
def leaves() -> Figure:
    """Draw what the two sources of dead leaves give."""
    size = {"height": SIDE, "width": SIDE}
    drawn = {
        "discs": load_dead_leaves(DeadLeavesParameters(shapes="disc", **size), NUMBER),
        "discs and polygons": load_dead_leaves(DeadLeavesParameters(**size), NUMBER),
        "with texture": load_dead_leaves(
            DeadLeavesParameters(texture=0.1, gradient=0.2, **size), NUMBER
        ),
        "mini dead leaves": load_mini_dead_leaves(MiniDeadLeavesParameters(size=SHEET), NUMBER),
    }
    figure = new_figure(WIDTH, 2.0)
    for axes, (title, image) in zip(figure.subplots(1, len(drawn)), drawn.items(), strict=True):
        axes.imshow(image.squeeze(), cmap="gray", vmin=0, vmax=1)
        axes.set(title=title, xticks=[], yticks=[])
    return figure
