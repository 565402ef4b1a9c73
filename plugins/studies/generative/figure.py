"""The figure of the study ``generative``."""

from __future__ import annotations

import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from priorbench.figures.canvas import new_figure, nothing_to_draw
from priorbench.figures.style import DARK, LINE, WIDTH, Mark, prior_marks, styled
from priorbench.results import Catalogue
from priorbench.studies.sheets import sheet, show

from .measure import PHOTOGRAPHS, Measured

SHOWN = 10
"""Patches of each prior."""
CONTRAST = 0.3
"""What is drawn black and white, on [0, 1], around the mean of a patch."""
ROW_HEIGHT = 0.42


@styled
def draw(measured: Measured, catalogue: Catalogue) -> Figure:
    """Draw patches of each prior, their distance from photographs, and their recall."""
    if len(measured.rows) < 2:
        return nothing_to_draw(WIDTH, "no prior draws patches")
    rows, marks = measured.rows, prior_marks(catalogue)
    names = list(rows["prior"])
    figure = new_figure(WIDTH, 0.9 + ROW_HEIGHT * len(names))
    left, middle, right = figure.subplots(1, 3, width_ratios=[1.9, 1, 1])
    pictures = torch.cat([measured.patches[name][:SHOWN] for name in names])
    side = round(pictures.shape[1] ** 0.5)
    picture = sheet(pictures.view(-1, side, side), columns=SHOWN)
    show(left, picture, -CONTRAST, CONTRAST)
    left.set_aspect("auto")
    height = (len(picture) + 2) / len(names)
    labels = [PHOTOGRAPHS, *map(catalogue.prior_label, names[1:])]
    left.set_yticks(height * (np.arange(len(names)) + 0.5) - 1, labels)
    left.tick_params(axis="y", length=0)
    left.set_title("drawn patches")
    _dots(middle, rows["distance"].tolist(), names, marks)
    middle.set(xlabel="gray levels", title="distance from photographs")
    middle.set_xlim(left=0)
    _dots(right, (100 * rows["recall"]).tolist(), names, marks)
    right.set(xlabel="% of patches", title="recall", xlim=(0, 100))
    return figure


def _dots(axes: Axes, values: list[float], names: list[str], marks: dict[str, Mark]) -> None:
    """Draw a value of each row, and a line where photographs are."""
    axes.axvline(values[0], color=LINE, linewidth=1, zorder=1)
    for place, (name, value) in enumerate(zip(names, values, strict=True)):
        colour = marks[name].colour if name in marks else DARK
        axes.plot([value], [place], "o", color=colour, markersize=5, clip_on=False)
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.set_yticks(range(len(names)), [])
    axes.tick_params(axis="y", length=0)
