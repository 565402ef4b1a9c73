"""The panels of ``dip-dynamics`` that show curves over the iterations."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib import colormaps
from matplotlib.axes import Axes

from priorbench.figures.style import LINE, PALETTE, Colour, label_plainly
from priorbench.studies.tables import select

from .bands import BANDS
from .curves import (
    DISCREPANCY,
    ESTIMATE,
    FIXED,
    HELD_OUT,
    IMPEDANCE,
    LOSS,
    ORACLE,
    OUTPUT,
    SPECTRUM,
    STOPPING,
    TARGETS,
    TRAJECTORY,
    VARIANCE,
    chosen,
)
from .fitting import HALF
from .runs import SIGMA

TARGET_LINES: Any = (
    {"color": "0.1"},
    {"color": PALETTE[0], "linestyle": "--"},
    {"color": PALETTE[4], "linestyle": "-."},
    {"color": PALETTE[1], "linestyle": ":"},
)
BAND_COLOURS = colormaps["viridis"](np.linspace(0.55, 0, len(BANDS)))
"""From green to violet: the half of the map that stands out from white."""
MARKERS: dict[str, tuple[str, str | Colour, float, str]] = {
    ORACLE: ("*", "0.1", 14, "peak, needs the clean image"),
    FIXED: ("D", PALETTE[4], 8, "fixed"),
    VARIANCE: ("s", PALETTE[1], 5, "windowed variance"),
    DISCREPANCY: ("^", PALETTE[3], 6.5, "discrepancy"),
    HELD_OUT: ("o", PALETTE[0], 5, "held-out pixels"),
}
"""Marker, colour, size in points and label.

Where several rules pick the same estimate the smaller marks lie on the larger.
"""


def draw_impedance(axes: Axes, table: pd.DataFrame) -> None:
    """Draw the loss of each target over the iterations."""
    for name, line in zip(TARGETS, TARGET_LINES, strict=True):
        curve = select(table, part=IMPEDANCE, curve=name)
        axes.plot(curve["iteration"], curve["value"], linewidth=1.4, label=name, **line)
    axes.set(yscale="log", title="Noise impedance", ylabel="Loss / variance of the target")
    label_plainly(axes.yaxis)
    axes.legend(frameon=False, loc="lower left", handlelength=2.4)
    over_iterations(axes)


def draw_stopping(above: Axes, below: Axes, table: pd.DataFrame) -> None:
    """Draw the PSNR with what each rule picks, and below it the loss."""
    curves = select(table, part=STOPPING, curve=TRAJECTORY)
    for quantity, gray, width, label in (
        (OUTPUT, LINE, 0.9, "output"),
        (ESTIMATE, "0.1", 1.4, "average of outputs"),
    ):
        curve = select(curves, quantity=quantity)
        above.plot(curve["iteration"], curve["value"], color=gray, linewidth=width, label=label)
    picked = chosen(table)
    for rule, (marker, colour, size, label) in MARKERS.items():
        if rule in picked:
            style: Any = {"markersize": size, "mec": "white", "mew": 0.7, "clip_on": False}
            above.plot(*picked[rule], marker, color=colour, label=label, zorder=4, **style)
    above.set(title=f"Denoising, σ = {SIGMA:g}: where the rules stop", ylabel="PSNR (dB)")
    above.legend(frameon=False, loc="best", handlelength=1.4, labelspacing=0.35)
    above.tick_params(labelbottom=False)
    loss = select(curves, quantity=LOSS)
    below.plot(loss["iteration"], loss["value"], color="0.1", linewidth=1.2)
    variance = (SIGMA / 255) ** 2
    below.axhline(variance, color="0.5", linewidth=0.9, linestyle="--")
    place = below.get_yaxis_transform()
    style = {"ha": "right", "color": "0.35", "fontsize": 7.5}
    below.annotate("σ²", (1, variance), (0, 2), place, "offset points", **style)
    below.set(yscale="log", ylabel="Loss", xlabel="Iteration")
    below.set_ylim(bottom=loss["value"].min() / 1.5)
    label_plainly(below.yaxis)


def draw_bands(axes: Axes, table: pd.DataFrame, problem: str, title: str) -> None:
    """Draw the error in each band of frequencies over the iterations."""
    for band, colour in zip(BANDS, BAND_COLOURS, strict=True):
        curve = select(table, part=SPECTRUM, problem=problem, curve=band)
        axes.plot(curve["iteration"], curve["value"], color=colour, linewidth=1.3, label=band)
    axes.axhline(HALF, color="0.5", linewidth=0.9, linestyle="--")
    axes.set(yscale="log", title=title)
    label_plainly(axes.yaxis)
    over_iterations(axes)


def over_iterations(axes: Axes) -> None:
    """Make the horizontal axis that of the iterations, logarithmic."""
    axes.set(xscale="log", xlabel="Iteration")
    label_plainly(axes.xaxis)
