"""The figure of the study ``likelihood``."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from priorbench.figures.canvas import new_figure, nothing_to_draw, say_in
from priorbench.figures.labels import label_points
from priorbench.figures.style import DARK, LINE, WIDTH, Colour, Mark, prior_marks, styled
from priorbench.results import Catalogue

PATCHES, EPLL = "patch_psnr_db", "epll_psnr_db"
AVERAGED, APART = "averaged_psnr_db", "non_overlapping_psnr_db"
LIKELIHOOD = "log_likelihood_nats_per_patch"
WHOLE = (EPLL, AVERAGED, APART)
MARKS = {
    EPLL: ("o", True, "whole images: EPLL"),
    AVERAGED: ("D", False, "averaged MAP"),
    APART: ("|", True, "non-overlapping MAP"),
    PATCHES: ("o", False, "single patches: MAP"),
}
"""Column → marker, whether it is filled, words."""

DODGE = 0.2
"""How far the three marks of a model are moved apart, in rows.

EPLL and averaging can be closer than a mark.
"""


@styled
def draw(table: pd.DataFrame, catalogue: Catalogue) -> Figure:
    """Draw PSNR against likelihood, and three ways to a whole image.

    There is a row of panels for each data set and noise level. Good models lie so close together
    that names would cover each other, so points have numbers, which stand beside the names on the
    right.

    Args:
        table: rows of :func:`.tables.summarise`.
        catalogue: labels and order.
    """
    if table.empty:
        return nothing_to_draw(WIDTH)
    marks = prior_marks(catalogue)
    groups = list(table.groupby(["dataset", "task", "sigma_255"], sort=False))
    rows = max(len(group) for _, group in groups)
    figure = new_figure(WIDTH, max(2.9, 0.9 + 0.26 * rows) * len(groups) + 0.35)
    panels = figure.subplots(len(groups), 2, squeeze=False, width_ratios=[1.25, 1])
    for (left, right), ((dataset, _, sigma), group) in zip(panels, groups, strict=True):
        left.set_title(f"{dataset}, σ = {sigma:g}: PSNR against likelihood")
        right.set_title("three ways to a whole image")
        _draw_likelihood(left, group, marks)
        _draw_ways(right, group, marks)
    shown = [column for column in MARKS if table[column].notna().any()]
    figure.legend(
        handles=[_handle(column) for column in shown],
        loc="outside upper center",
        ncols=len(shown),
        frameon=False,
    )
    # Numbers are placed when nothing moves any more.
    figure.set_layout_engine("constrained", wspace=0.06, hspace=0.06)
    figure.get_layout_engine().execute(figure)  # type: ignore[union-attr]  # set in the line above
    figure.set_layout_engine("none")
    for (left, _), (_, group) in zip(panels, groups, strict=True):
        _write_numbers(left, group)
    return figure


def _draw_likelihood(axes: Axes, group: pd.DataFrame, marks: dict[str, Mark]) -> None:
    for row in group.to_dict("records"):
        x, heights = row[LIKELIHOOD], [row[PATCHES], row[EPLL]]
        axes.plot([x, x], heights, color=LINE, linewidth=1, zorder=1)
        for column in (PATCHES, EPLL):
            _mark(axes, x, row[column], column, marks[row["prior"]].colour)
    axes.margins(0.15)
    axes.set(xlabel="log-likelihood (nats per patch)", ylabel="PSNR (dB)")


def _draw_ways(axes: Axes, group: pd.DataFrame, marks: dict[str, Mark]) -> None:
    if group[list(WHOLE)].isna().to_numpy().all():
        say_in(axes, "no Gaussian denoising task")
        axes.set_xticks([])
    for height, row in enumerate(group.to_dict("records")):
        values = [row[column] for column in WHOLE]
        heights = [height + DODGE, height, height - DODGE]
        axes.plot(values, heights, color=LINE, linewidth=1, zorder=1)
        for column, x, y in zip(WHOLE, values, heights, strict=True):
            _mark(axes, x, y, column, marks[row["prior"]].colour)
    labels = [f"{label}  {number}" for number, label in enumerate(group["label"], start=1)]
    axes.set_yticks(range(len(group)), labels)
    axes.set_ylim(-0.6, len(group) - 0.4)
    axes.tick_params(axis="y", length=0)
    axes.grid(axis="y", visible=False)
    axes.set_xlabel("mean PSNR (dB)")


def _mark(axes: Axes, x: float, y: float, column: str, colour: Colour) -> None:
    marker, filled, _ = MARKS[column]
    line = marker == "|"
    style: Any = {"markersize": 8, "mew": 1.6} if line else {"markersize": 4.5, "mew": 1}
    face = colour if filled else "white"
    axes.plot([x], [y], marker, color=colour, markerfacecolor=face, zorder=3, **style)


def _handle(column: str) -> Line2D:
    marker, filled, words = MARKS[column]
    style: Any = {"color": DARK, "markerfacecolor": DARK if filled else "white", "markersize": 4.5}
    return Line2D([], [], marker=marker, linewidth=0, label=words, **style)


def _write_numbers(axes: Axes, group: pd.DataFrame) -> None:
    """Write each model's number once: at EPLL or, without that, at its patches.

    No mark is covered.
    """
    nats = group[LIKELIHOOD]
    named = zip(nats, group[EPLL].fillna(group[PATCHES]), strict=True)
    points = [(x, y, str(number)) for number, (x, y) in enumerate(named, start=1)]
    points += [(x, y, "") for x, y in zip(nats, group[PATCHES], strict=True)]
    label_points(axes, points, line=np.empty((0, 2)), size=7)
