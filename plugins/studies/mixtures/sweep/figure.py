"""The figure of ``gmm-sweep``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import cycle
from math import ceil

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from priorbench.figures.canvas import legend_above, new_figure, say_in
from priorbench.figures.style import GRAY, PALETTE, SHAPES, WIDTH, label_plainly, styled

from .measure import EFFECTIVE

COLUMNS = 3
PANEL_HEIGHT = 2.1


@dataclass(frozen=True)
class Panel:
    """A column of the table that is drawn, the title of its panel, and its label with unit."""

    column: str
    title: str
    label: str


@styled
def draw(table: pd.DataFrame, variants: Sequence[str], panels: Sequence[Panel]) -> Figure:
    """Draw columns of the table against K.

    Args:
        table: of :func:`.measure.sweep_table`.
        variants: for each row, what tells its mixture from the others beside K; each is a line.
        panels: what is drawn.
    """
    columns = 2 if len(panels) in (2, 4) else COLUMNS
    lines = ceil(len(panels) / columns)
    figure = new_figure(WIDTH, PANEL_HEIGHT * lines)
    room = figure.subplots(lines, columns, squeeze=False).ravel()
    for axes, panel in zip(room, panels, strict=False):
        _draw_panel(axes, table, panel.column, variants)
        axes.set(title=panel.title, ylabel=panel.label)
        if panel.column == EFFECTIVE and len(table):
            _draw_number(axes, sorted(set(table["n_components"])))
    for axes in room[len(panels) :]:
        axes.set_visible(False)
    if len(set(variants)) > 1:
        handles, _ = room[0].get_legend_handles_labels()
        legend_above(figure, handles, COLUMNS)
    return figure


def _draw_number(axes: Axes, components: Sequence[int]) -> None:
    """Draw K itself beside the effective number of components."""
    axes.plot(components, components, ":", color=GRAY, linewidth=1, label="K")
    axes.set_yscale("log")
    label_plainly(axes.yaxis)
    place = (components[-1], components[-1])
    axes.annotate("K, all equal", place, (-4, 0), textcoords="offset points", ha="right")


def _draw_panel(axes: Axes, table: pd.DataFrame, column: str, variants: Sequence[str]) -> None:
    looks = zip(cycle(PALETTE), cycle(SHAPES), strict=False)
    groups = table.assign(variant=list(variants)).groupby("variant", sort=False)
    for (colour, shape), (variant, own) in zip(looks, groups, strict=False):
        x, y = own["n_components"], own[column]
        axes.plot(x, y, f"{shape}-", color=colour, markersize=4, linewidth=1.2, label=variant)
    if table[column].isna().all():
        say_in(axes, "no image that all restored")
    axes.set_xscale("log")
    axes.xaxis.set_major_locator(FixedLocator(sorted(set(table["n_components"]))))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.set_xlabel("components K")
    axes.margins(x=0.08, y=0.12)
