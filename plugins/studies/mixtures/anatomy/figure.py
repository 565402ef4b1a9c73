"""The figure of ``gmm-anatomy``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure
from torch import Tensor

from priorbench.figures.canvas import new_figure
from priorbench.figures.style import LINE, PALETTE, WIDTH, label_plainly, styled
from priorbench.studies.sheets import sheet, show
from priorbench.studies.tables import select

from .. import components
from ..eigenvectors import as_tiles, eigenvector_sheet
from .measure import Anatomy
from .tails import patch_contrasts, random_filters

HEIGHT = 5.1
"""Of one mixture's part, in inches."""
SHOWN = 4
"""Components of each group."""
AXES = 6
"""Eigenvectors of each component."""
SHEET = 6, 12
"""Rows and columns of patches."""
BINS = 45
FILTERS = 16
GROUP_MARKS = {"flat": ("s", LINE), "texture": ("o", PALETTE[3]), "edge": ("^", PALETTE[4])}
"""Shape and colour of a component's mark."""
LINES: Any = ({"color": "0.1"}, {"color": PALETTE[0]}, {"color": PALETTE[1], "linestyle": "--"})
"""Of the data, the mixture and the Gaussian."""


@styled
def draw(dissected: Sequence[Anatomy]) -> Figure:
    """Draw for each mixture contrasts, tails, eigenvectors by group, and samples."""
    figure = new_figure(WIDTH, HEIGHT * len(dissected))
    parts = figure.subfigures(len(dissected), 1, squeeze=False)[:, 0]
    for part, one in zip(parts, dissected, strict=True):
        _draw_part(part, one)
    return figure


def _draw_part(part: SubFigure, one: Anatomy) -> None:
    title = f"{one.specimen.label} and patches of {one.specimen.kind}"
    part.suptitle(title, fontsize=9.5, fontweight="bold")
    rows = part.subfigures(3, 1, height_ratios=(2.1, 1.5, 1.25), squeeze=False)
    curves, eigenvectors, sheets = rows[:, 0]
    left, middle, right = curves.subplots(1, 3)
    _draw_components(left, one)
    _draw_density(middle, {name: patch_contrasts(own) for name, own in one.patches.items()})
    middle.set(title="contrast of patches", xlabel="contrast c")
    middle.legend(frameon=False, handlelength=1.6, loc="upper right")
    labelled = {
        f"{name} {own.value:.1f}": _responses(one.patches[name])
        for name, own in one.kurtosis.items()
    }
    _draw_density(right, labelled)
    right.set(title="responses of random filters", xlabel="|response| / standard deviation")
    right.legend(
        title="kurtosis", title_fontsize=7.5, frameon=False, handlelength=1.6, loc="upper right"
    )
    _draw_groups(eigenvectors, one)
    _draw_sheets(sheets, one)


def _draw_components(axes: Axes, one: Anatomy) -> None:
    for group, (shape, colour) in GROUP_MARKS.items():
        own = select(one.table, group=group)
        x, y = 100 * own["weight"], own["contrast"]
        axes.plot(x, y, shape, color=colour, markersize=3.5, mew=0, label=group)
    axes.set(xscale="log", yscale="log", title="components")
    axes.set(xlabel="weight π (%)", ylabel="contrast c of a component")
    # Room for the legend below the marks.
    axes.set_ylim(bottom=0.3 * axes.get_ylim()[0])
    label_plainly(axes.xaxis)
    label_plainly(axes.yaxis)
    axes.legend(
        frameon=False,
        ncols=len(GROUP_MARKS),
        columnspacing=0.8,
        handletextpad=0.1,
        borderaxespad=0.1,
        loc="lower center",
    )


def _draw_density(axes: Axes, samples: dict[str, Tensor]) -> None:
    values = {name: own.numpy().ravel() for name, own in samples.items()}
    everything = np.concatenate(list(values.values()))
    edges = np.linspace(everything.min(), everything.max(), BINS + 1)
    middles = (edges[1:] + edges[:-1]) / 2
    low, high = np.inf, 0.0
    for (name, own), line in zip(values.items(), LINES, strict=True):
        density, _ = np.histogram(own, edges, density=True)
        # What no sample fell into has no logarithm.
        shown = np.where(density > 0, density, np.nan)
        low, high = min(low, np.nanmin(shown)), max(high, np.nanmax(shown))
        axes.plot(middles, shown, linewidth=1.2, label=name, **line)
    # Room for the legend above the curves.
    axes.set(yscale="log", ylabel="density", ylim=(low / 1.5, high * (high / low) ** 0.5))


def _responses(patches: Tensor) -> Tensor:
    responses = patches @ random_filters(patches.shape[1], FILTERS).mT
    return (responses / responses.square().mean(0).sqrt()).abs()


def _draw_groups(part: SubFigure, one: Anatomy) -> None:
    table = one.table
    panels = part.subplots(1, len(components.GROUPS))
    for axes, group in zip(panels, components.GROUPS, strict=True):
        own = select(table, group=group)
        shown = own.head(SHOWN)
        share = 100 * own["weight"].sum()
        chosen = torch.from_numpy(shown["component"].to_numpy(copy=True))
        # All groups take the same room, however many components they have.
        picture = eigenvector_sheet(components.leading(one.covariances[chosen], AXES), SHOWN)
        show(axes, picture, -1, 1)
        axes.set_title(f"{group}: {len(own)} of {len(table)}, π = {share:.0f} %")
        places = [(row + 0.45) * picture.shape[0] / SHOWN for row in range(len(shown))]
        axes.set_yticks(places, [f"c = {value:.3f}" for value in shown["contrast"]], fontsize=6.5)
        axes.tick_params(length=0, pad=1)


def _draw_sheets(part: SubFigure, one: Anatomy) -> None:
    rows, columns = SHEET
    data, *_ = one.patches.values()
    limit = float(data.abs().flatten().kthvalue(int(0.99 * data.numel())).values)
    generator = torch.Generator().manual_seed(1)
    panels = part.subplots(1, len(one.patches))
    for axes, (name, own) in zip(panels, one.patches.items(), strict=True):
        chosen = torch.randperm(len(own), generator=generator)[: rows * columns]
        show(axes, sheet(as_tiles(own[chosen]), columns), -limit, limit)
        scale = f"{name}, black to white ±{limit:.2f}"
        axes.set_title(scale if own is data else f"samples of the {name}")
