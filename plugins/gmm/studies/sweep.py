"""Study ``gmm-sweep``: does a likelier patch prior restore better?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import ceil, isnan
from typing import Any

import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from priorbench.report.figures.canvas import new_figure
from priorbench.report.figures.style import WIDTH, styled
from priorbench.results import Catalogue, Findings, Results

COLUMNS = 3
LIKELIHOOD = "held_out_log_likelihood"
PANEL_HEIGHT = 2.1


def sweep(results: Results) -> Findings:
    """Return the findings of the sweep over K.

    The table has one row for each mixture: ``prior``, ``n_components``, ``held_out_log_likelihood`` in nats per patch
    (the best of its training, which is the one that was kept), and the mean PSNR in dB of each data set and task.
    A mean is over the images that every mixture restored, so that all of a column's numbers are comparable.
    """
    table = sweep_table(results)
    variants = _variants(list(table["prior"]), results.parameters)
    return Findings(table=table, figure=_draw(table, variants, results.catalogue))


def sweep_table(results: Results) -> pd.DataFrame:
    """Return the table of :func:`sweep`."""
    mixtures = [prior for prior, name in results.names.items() if prior in results.training and name == "gmm"]
    table = pd.DataFrame(
        {
            "prior": mixtures,
            "n_components": [results.parameters[prior]["n_components"] for prior in mixtures],
            LIKELIHOOD: [float(results.training[prior][LIKELIHOOD].max()) for prior in mixtures],
        }
    )
    scores = results.scores
    own = scores[(scores["metric"] == "psnr") & scores["prior"].isin(mixtures) & (scores["source"] != "paper")]
    for dataset in results.catalogue.datasets:
        for task in results.catalogue.tasks:
            cell = own[(own["dataset"] == dataset) & (own["task"] == task)]
            if not cell.empty:
                by_image = cell.pivot(index="image", columns="prior", values="value").dropna()
                table[_column(dataset, task)] = table["prior"].map(by_image.mean())
    return table.sort_values(["n_components", "prior"], ignore_index=True)


def _column(dataset: str, task: str) -> str:
    return f"psnr_db {dataset} {task}"


def _variants(priors: Sequence[str], parameters: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Return for each prior what tells it from the others beside K, for example ``"start=random"``."""
    others = [{k: v for k, v in parameters[prior].items() if k != "n_components"} for prior in priors]
    varying = [key for key in (others[0] if others else ()) if len({repr(values.get(key)) for values in others}) > 1]
    return [", ".join(f"{key}={values.get(key)}" for key in varying) for values in others]


@styled
def _draw(table: pd.DataFrame, variants: Sequence[str], catalogue: Catalogue) -> Figure:
    columns = {LIKELIHOOD: "held-out log-likelihood"}
    for dataset in catalogue.datasets:
        for task, label in catalogue.tasks.items():
            if _column(dataset, task) in table:
                columns[_column(dataset, task)] = f"{label}\n{dataset}"
    lines = ceil(len(columns) / COLUMNS)
    figure = new_figure(WIDTH, PANEL_HEIGHT * lines)
    panels = figure.subplots(lines, COLUMNS, squeeze=False).ravel()
    for index, (axes, (column, title)) in enumerate(zip(panels, columns.items(), strict=False)):
        likelihood = column == LIKELIHOOD
        _draw_panel(axes, table, column, variants, legend=index == 0 and len(set(variants)) > 1)
        axes.set_title(title)
        axes.set_ylabel("nats per patch" if likelihood else "mean PSNR (dB)")
    for axes in panels[len(columns) :]:
        axes.set_visible(False)
    return figure


def _draw_panel(axes: Axes, table: pd.DataFrame, column: str, variants: Sequence[str], legend: bool) -> None:
    colours = sns.color_palette("colorblind", len(set(variants)) or 1)
    data = table.assign(variant=list(variants))
    for colour, (variant, own) in zip(colours, data.groupby("variant", sort=False), strict=False):
        axes.plot(own["n_components"], own[column], "o-", color=colour, markersize=4, linewidth=1.2, label=variant)
    if all(isnan(value) for value in table[column]):
        axes.text(0.5, 0.5, "no image that all restored", transform=axes.transAxes, ha="center", color="0.45")
    components = sorted(set(table["n_components"]))
    axes.set_xscale("log")
    axes.xaxis.set_major_locator(FixedLocator(components))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.set_xlabel("components K")
    axes.margins(x=0.08, y=0.12)
    if legend:
        axes.legend(frameon=False)
