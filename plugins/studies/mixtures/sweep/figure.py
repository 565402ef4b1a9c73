"""The figure of ``gmm-sweep``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import cycle
from math import ceil, isnan

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from priorbench.report.figures.canvas import legend_above, new_figure
from priorbench.report.figures.style import GRAY, PALETTE, SHAPES, WIDTH, label_plainly, styled

COLUMNS = 3
PANEL_HEIGHT = 2.1


@styled
def draw(
    table: pd.DataFrame, variants: Sequence[str], titles: Mapping[str, tuple[str, str]], count: str
) -> Figure:
    """Draw columns of the table against K, one panel each.

    Args:
        table: of :func:`.sweep.sweep`.
        variants: for each row, what tells its mixture from the others beside K; each is a line.
        titles: column → title of its panel, and label of its vertical axis.
        count: the column that counts components, drawn beside K itself.
    """
    columns = 2 if len(titles) in (2, 4) else COLUMNS
    lines = ceil(len(titles) / columns)
    figure = new_figure(WIDTH, PANEL_HEIGHT * lines)
    panels = figure.subplots(lines, columns, squeeze=False).ravel()
    for axes, (column, (title, label)) in zip(panels, titles.items(), strict=False):
        _draw_panel(axes, table, column, variants)
        axes.set_title(title)
        axes.set_ylabel(label)
        if column == count and len(table):
            components = sorted(set(table["n_components"]))
            axes.plot(components, components, ":", color=GRAY, linewidth=1, label="K")
            axes.set_yscale("log")
            label_plainly(axes.yaxis)
            axes.annotate(
                "K, all equal",
                (components[-1], components[-1]),
                (-4, 0),
                textcoords="offset points",
                ha="right",
            )
    for axes in panels[len(titles) :]:
        axes.set_visible(False)
    if len(set(variants)) > 1:
        handles, _ = panels[0].get_legend_handles_labels()
        legend_above(figure, handles, COLUMNS)
    return figure


def _draw_panel(axes: Axes, table: pd.DataFrame, column: str, variants: Sequence[str]) -> None:
    looks = zip(cycle(PALETTE), cycle(SHAPES), strict=False)
    data = table.assign(variant=list(variants))
    groups = data.groupby("variant", sort=False)
    for (colour, shape), (variant, own) in zip(looks, groups, strict=False):
        axes.plot(
            own["n_components"],
            own[column],
            f"{shape}-",
            color=colour,
            markersize=4,
            linewidth=1.2,
            label=variant,
        )
    if all(isnan(value) for value in table[column]):
        axes.text(
            0.5,
            0.5,
            "no image that all restored",
            transform=axes.transAxes,
            ha="center",
            color=GRAY,
        )
    components = sorted(set(table["n_components"]))
    axes.set_xscale("log")
    axes.xaxis.set_major_locator(FixedLocator(components))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.set_xlabel("components K")
    axes.margins(x=0.08, y=0.12)
