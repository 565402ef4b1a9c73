"""The figure of ``dip-dynamics``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure
from torch import Tensor

from priorbench.figures.canvas import new_figure
from priorbench.figures.style import GRAY, LINE, PALETTE, WIDTH, styled
from priorbench.studies.sheets import show
from priorbench.studies.tables import select

from .comparison import means_of
from .networks import ARCHITECTURES, CORRELATION, NETWORKS, NO_PRIOR, PSNR, SAMPLES, SEEDS
from .panels import draw_bands, draw_impedance, draw_stopping
from .runs import DENOISING, FIT, HOLES, PIXELS

HEIGHTS = 3.1, 2.3, 2.25, 1.25
"""Of the rows of panels, in inches."""
PROBLEM_TITLES = {
    DENOISING: "Denoising",
    PIXELS: "Inpainting, half of the pixels",
    HOLES: "Inpainting, four holes",
}
SQUEEZE = 1.0, 99.0
"""Percentiles of a sample that are drawn black and white."""


@styled
def draw(table: pd.DataFrame, pictures: Mapping[str, Tensor]) -> Figure:
    """Draw curves, the spread over seeds, architectures, and samples of the untrained networks.

    Args:
        table: of the study.
        pictures: the samples by the name of their network, each H × W.
    """
    figure = new_figure(WIDTH, sum(HEIGHTS))
    parts = figure.subfigures(4, 1, height_ratios=HEIGHTS, squeeze=False)[:, 0]
    curves, middle, networks, sheet = parts
    left, right = curves.subfigures(1, 2, squeeze=False)[0]
    draw_impedance(left.subplots(), table)
    above, below = right.subplots(2, 1, height_ratios=(2.6, 1))
    draw_stopping(above, below, table)
    _draw_middle(middle, table)
    _draw_networks(networks, table)
    _draw_samples(sheet, table, pictures)
    return figure


def _draw_middle(part: SubFigure, table: pd.DataFrame) -> None:
    clean, noisy, spread = part.subplots(1, 3, width_ratios=(1, 1, 0.85))
    draw_bands(clean, table, FIT, "Fitting the clean image")
    draw_bands(noisy, table, DENOISING, "Fitting the noisy image")
    clean.set_ylabel("Relative error in the band")
    low = min(clean.get_ylim()[0], noisy.get_ylim()[0])
    high = max(clean.get_ylim()[1], noisy.get_ylim()[1])
    for axes in (clean, noisy):
        axes.set_ylim(low, high)
    noisy.tick_params(labelleft=False)
    noisy.legend(
        *(each[::-1] for each in noisy.get_legend_handles_labels()),
        frameon=False,
        loc="best",
        title="cycles per pixel",
        title_fontsize=7,
        fontsize=7,
        labelspacing=0.2,
        handlelength=1.3,
    )
    _draw_spread(spread, table)


def _draw_spread(axes: Axes, table: pd.DataFrame) -> None:
    own = select(table, part=SEEDS, quantity=PSNR)
    counts = own["curve"].astype(int)
    for count, values in own["value"].groupby(counts):
        shift = np.linspace(-0.16, 0.16, len(values)) if len(values) > 1 else np.zeros(1)
        axes.plot(count + shift, values, "o", color=PALETTE[0], markersize=3, mew=0)
    means = own["value"].groupby(counts).mean()
    style: Any = {"markersize": 12, "markeredgewidth": 1.4, "linewidth": 0.8}
    axes.plot(means.index, means, "_-", color="0.1", **style)
    axes.set(title="Averages of runs", xlabel="Runs averaged", ylabel="PSNR (dB)")
    axes.set_xticks(means.index)
    axes.margins(x=0.12)


def _draw_networks(part: SubFigure, table: pd.DataFrame) -> None:
    names = (*NETWORKS, NO_PRIOR)
    panels = part.subplots(1, len(PROBLEM_TITLES), sharey=True)
    for axes, (problem, title) in zip(panels, PROBLEM_TITLES.items(), strict=True):
        scores = means_of(table, problem)
        plain = scores[NO_PRIOR]
        axes.axvline(plain, color="0.5", linewidth=0.9, linestyle="--")
        for line, name in enumerate(names):
            colour = "0.5" if name == NO_PRIOR else PALETTE[0]
            axes.plot([plain, scores[name]], [line, line], color=LINE, linewidth=1)
            single = select(table, part=ARCHITECTURES, problem=problem, curve=name)
            values = single["value"]
            place = [line] * len(values)
            axes.plot(values, place, "|", color="0.1", markersize=7, markeredgewidth=0.8)
            axes.plot(scores[name], line, "o", color=colour, markersize=4.5)
            _write_score(axes, scores[name], values, plain, line)
        where = "" if problem == DENOISING else " of the missing pixels"
        axes.set(title=title, xlabel=f"PSNR{where} (dB)")
        axes.margins(x=0.32)
        axes.grid(False, axis="y")
    panels[0].set_yticks(range(len(names)), names)
    panels[0].set_ylim(len(names) - 0.4, -0.6)


def _write_score(axes: Axes, score: float, values: pd.Series, plain: float, line: int) -> None:
    if np.isnan(score):
        axes.text(plain, line, " broke down", va="center", fontsize=7, color=GRAY)
        return
    right = score >= plain
    axes.annotate(
        f"{score:.1f}",
        (values.max() if right else values.min(), line),
        textcoords="offset points",
        xytext=(5 if right else -5, 0),
        ha="left" if right else "right",
        va="center",
        fontsize=7,
    )


def _draw_samples(part: SubFigure, table: pd.DataFrame, pictures: Mapping[str, Tensor]) -> None:
    part.suptitle(
        "Samples of the untrained networks, and the correlation r of their neighbouring pixels",
        fontsize=8.5,
    )
    own = select(table, part=SAMPLES, quantity=CORRELATION)
    correlations = own.set_index("curve")["value"]
    panels = part.subplots(1, len(pictures))
    for axes, (name, picture) in zip(panels, pictures.items(), strict=True):
        array = picture.numpy()
        low, high = np.percentile(array, SQUEEZE)
        show(axes, array, low, max(high, low + 1e-9))
        title = name.replace(", ", "\n").replace("fully ", "fully\n").replace("deep ", "deep\n")
        axes.set_title(title, fontsize=6.8)
        words = f"r = {correlations[name]:z.2f}".replace("-", "−")
        axes.set_xlabel(words, fontsize=6.8, labelpad=2)
