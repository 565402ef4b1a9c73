r"""The picture of the page of the shallow models: a restoration, filters, influence functions.

    PRIORBENCH_DATA=… python benchmarks/shallow_pictures.py --figure shallow.png

Above a part of a photograph, σ = 25, restored, and what was removed; below the filters of the first
and the last stage of ``tnrd`` and its influence functions in both at σ = 25. The model is that of
``benchmarks/learned.py``, which learns it if it has not yet.
"""

from __future__ import annotations

import argparse
from pathlib import Path

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
    parser.add_argument("--models", type=Path, default=MODELS, help="folder of fitted models")
    parser.add_argument("--figure", type=Path, required=True, help="PNG to write")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    model = made("tnrd", {}, arguments.models)
    figure, axes = plt.subplots(2, 4, figsize=(10, 5.4), layout="constrained")
    clean, problem = noisy_photograph()
    restored = restore(model, problem, Context.seeded(0)).image
    pictures = {
        "clean": clean,
        words("noisy", problem.y, clean): problem.y,
        words("TNRD", restored, clean): restored,
        "removed": 0.5 + problem.y - restored,
    }
    for place in axes.flat:
        place.axis("off")
    for place, (title, picture) in zip(axes[0], pictures.items(), strict=False):
        show(place, title, picture)
    diffusion = model.diffusion
    with torch.no_grad():
        mix = diffusion.mix(torch.tensor([SIGMA / 255]))
        for place, stage, which in (
            (0, diffusion.stages[0], "first"),
            (2, diffusion.stages[-1], "last"),
        ):
            show(axes[1, place], f"TNRD, {which} filters", mosaic(stage.filters()))
            curves(
                axes[1, place + 1], f"TNRD, {which} functions", stage.points, stage.tables(mix)[0]
            )
    figure.savefig(arguments.figure, dpi=100)


def curves(place: Axes, title: str, points: Tensor, tables: Tensor) -> None:
    """Draw influence functions, one curve for each filter."""
    shown = points.abs() <= SHOWN
    place.axis("on")
    place.plot(points[shown].numpy(), tables[:, shown].mT.numpy(), linewidth=0.7)
    place.set_title(title, fontsize=9)
    place.set_xlabel("response / σ", fontsize=8)
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
