r"""The pictures of the page of the shallow models: a restoration, filters, functions.

    PRIORBENCH_DATA=… python benchmarks/shallow_pictures.py --prior tnrd --figure shallow.png
    PRIORBENCH_DATA=… python benchmarks/shallow_pictures.py --prior foe --figure foe.png

A part of a photograph, σ = 25, restored, and what was removed. For ``tnrd`` the filters of the first
and the last stage and the influence functions in both at σ = 25; for ``foe`` the filters of the
experts and the prices of their responses. The model is that of ``benchmarks/learned.py``, which
learns it if it has not yet.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import torch
from classical_pictures import SIGMA, noisy_photograph, show, words
from learned import MODELS, made
from matplotlib.axes import Axes
from torch import Tensor

from priorbench.priors import Context
from priorbench.solvers import restore

SHOWN = 8.0
"""Responses that are shown, in units of σ."""


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--prior", choices=("tnrd", "foe"), default="tnrd")
    parser.add_argument("--models", type=Path, default=MODELS, help="folder of fitted models")
    parser.add_argument("--figure", type=Path, required=True, help="PNG to write")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    model = made(arguments.prior, {}, arguments.models)
    label = {"tnrd": "TNRD", "foe": "fields of experts"}[arguments.prior]
    columns = {"tnrd": 4, "foe": 3}[arguments.prior]
    figure, axes = plt.subplots(2, columns, figsize=(2.5 * columns, 5.4), layout="constrained")
    for place in axes.flat:
        place.axis("off")
    clean, problem = noisy_photograph()
    restored = restore(model, problem, Context.seeded(0)).image
    pictures = {
        "clean": clean,
        words("noisy", problem.y, clean): problem.y,
        words(label, restored, clean): restored,
        "removed": 0.5 + problem.y - restored,
    }
    for place, (title, picture) in zip(axes.flat, pictures.items(), strict=False):
        show(place, title, picture)
    with torch.no_grad():
        if arguments.prior == "tnrd":
            draw_stages(axes[1], model.network)
        else:
            draw_experts(axes[1, 1:], model.model.experts())
    figure.savefig(arguments.figure, dpi=100)


def draw_stages(places: Sequence[Axes], diffusion: Any) -> None:
    """Draw filters and functions of the first and the last stage of a diffusion."""
    mix = diffusion.mix(torch.tensor([SIGMA / 255]))
    for start, stage, which in (
        (0, diffusion.stages[0], "first"),
        (2, diffusion.stages[-1], "last"),
    ):
        shown = stage.points.abs() <= SHOWN
        values = stage.tables(mix)[0][:, shown]
        show(places[start], f"TNRD, {which} filters", mosaic(stage.filters()))
        curves(places[start + 1], f"TNRD, {which} functions", stage.points[shown], values)
        places[start + 1].set_xlabel("response / σ", fontsize=8)


def draw_experts(places: Sequence[Axes], experts: Any) -> None:
    """Draw filters, and α log(1 + (f ∗ u)²/2) against the response to f / ‖f‖."""
    show(places[0], "filters of the experts", mosaic(experts.filters))
    points = torch.linspace(-SHOWN, SHOWN, 321)
    responses = experts.filters.flatten(1).norm(dim=1, keepdim=True) * points
    prices = experts.exponents.view(-1, 1) * torch.log1p(responses.square() / 2)
    curves(places[1], "prices of the experts in nats", points, prices)
    places[1].set_xlabel("response in units of σ/a, filters of norm 1", fontsize=8)


def curves(place: Axes, title: str, points: Tensor, values: Tensor) -> None:
    """Draw functions, one curve for each filter."""
    place.axis("on")
    place.plot(points.numpy(), values.mT.numpy(), linewidth=0.7)
    place.set_title(title, fontsize=9)
    place.tick_params(labelsize=7)


def mosaic(filters: Tensor) -> Tensor:
    """Return a picture of filters, K × s × s, each scaled to its own largest value."""
    count, size, _ = filters.shape
    side = int(np.ceil(np.sqrt(count)))
    pixels = 0.5 + filters / (2 * filters.abs().amax((1, 2), keepdim=True).clamp(min=1e-9))
    picture = torch.ones(side * (size + 1), side * (size + 1))
    for place, each in enumerate(pixels):
        top, left = (size + 1) * (place // side), (size + 1) * (place % side)
        picture[top : top + size, left : left + size] = each
    return picture[None, None]


if __name__ == "__main__":
    main()
