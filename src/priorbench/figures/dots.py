"""Horizontal dots with intervals: priors as rows, tasks as columns, data sets as groups of rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from textwrap import fill
from typing import Any, TypeAlias

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator
from numpy.typing import ArrayLike, NDArray

from priorbench.figures.canvas import legend_above, new_figure
from priorbench.figures.marks import Mark, prior_marks
from priorbench.figures.style import DARK, GRAY, WIDTH
from priorbench.results.catalogue import Catalogue
from priorbench.store.status import Status

FAR_OUT = 7.0
"""Median absolute deviations from the median beyond which a value does not stretch an axis."""

WORTH = 0.25
"""How much of the axis clipping a value must gain to be worth it, as a fraction of the rest."""

MARGIN = 0.06
"""Free room at either end of an axis, as a fraction of it."""

LETTER, PANEL, ROW = 0.058, 1.35, 0.17
"""Width of a letter, width of a panel and height of a row, in inches."""

STEPS = (1, 2, 2.5, 5, 10)
"""Between ticks, so that 0 and 1 have one."""

TITLE = 22
"""Letters in a line of a panel's title, at most."""

FAILURE = "#b02a2a"
Key: TypeAlias = tuple[str, str, str]
"""Data set, task and prior."""


@dataclass(frozen=True, kw_only=True)
class Row:
    """One prior in one panel.

    Args:
        mark: of the prior.
        mean: NaN if there is none.
        low: end of the interval; NaN if there is none.
        high: the other end.
        values: of single images.
        failed: whether images failed, some or, without a mean, all.
        best: whether all others are compared with this one, the best mean.
        words: what stands in place of the mean.
        note: what stands at the right edge.
    """

    mark: Mark
    mean: float = np.nan
    low: float = np.nan
    high: float = np.nan
    values: tuple[float, ...] = ()
    failed: bool = False
    best: bool = False
    words: str = ""
    note: str = ""

    @property
    def ends(self) -> tuple[float, float]:
        """The lowest and the highest number that is drawn."""
        numbers = np.array([self.mean, self.low, self.high, *self.values])
        numbers = numbers[np.isfinite(numbers)]
        return (numbers.min(), numbers.max()) if len(numbers) else (np.nan, np.nan)


def rank_priors(summary: pd.DataFrame, catalogue: Catalogue, metric: str) -> list[str]:
    """Return the priors from best to worst by their mean rank over data sets and tasks.

    Those without a score come after the others, and baselines last.
    """
    order = {prior: (0.0, i) for i, prior in enumerate(catalogue.priors)}
    better = catalogue.metrics[metric].higher_is_better
    if better is not None:
        ranks = summary.groupby(["dataset", "task"])["mean"].rank(ascending=not better)
        mean_rank = ranks.groupby(summary["prior"]).mean().to_dict()
        for prior, (_, i) in order.items():
            rank = float(mean_rank.get(prior, np.nan))
            order[prior] = (np.inf if np.isnan(rank) else rank, i)
    return sorted(catalogue.priors, key=lambda prior: (prior in catalogue.baselines, order[prior]))


@dataclass(frozen=True)
class Panels:
    """A figure of rows in panels.

    Args:
        figure: data sets × tasks panels.
        rows: of all panels.
        beyond: whether something lies beyond an axis.
    """

    figure: Figure
    rows: Sequence[Row]
    beyond: bool

    def finish(self, label: str, handles: Sequence[Line2D]) -> Figure:
        """Write the label of the axes and the legend, and return the figure."""
        self.figure.supxlabel(label, fontsize=8)
        shown = [*handles, legend_mark(BEYOND, marker="")] if self.beyond else handles
        legend_above(self.figure, shown, len(shown))
        return self.figure


def draw_panels(
    summary: pd.DataFrame,
    catalogue: Catalogue,
    metric: str,
    row_of: Callable[[Key, Mark], Row],
    line: float | None = None,
    include: Sequence[float] = (),
) -> Panels:
    """Draw a panel for each data set and task, with the priors as rows, best first.

    Args:
        summary: of the metric, see :func:`priorbench.results.statistics.summarise`.
        catalogue: labels and order.
        metric: a name in ``catalogue.metrics``.
        row_of: the row of a cell, drawn with the prior's mark.
        line: where a vertical line stands; None draws none.
        include: numbers that the axes must show.
    """
    datasets = [dataset for dataset in catalogue.datasets if dataset in set(summary["dataset"])]
    priors, marks = rank_priors(summary, catalogue, metric), prior_marks(catalogue)
    figure, panels = dot_grid(datasets, priors, catalogue)
    drawn, beyond = list[Row](), False
    for dataset, panels_of_dataset in zip(datasets, panels, strict=True):
        for task, axes in zip(catalogue.tasks, panels_of_dataset, strict=True):
            rows = [row_of((dataset, task, prior), marks[prior]) for prior in priors]
            if line is not None:
                axes.axvline(line, color=DARK, linewidth=0.8, zorder=1)
            beyond |= draw_rows(axes, rows, catalogue.metrics[metric].decimals, include)
            drawn += rows
    return Panels(figure, drawn, beyond)


def dot_grid(
    datasets: Sequence[str], priors: Sequence[str], catalogue: Catalogue
) -> tuple[Figure, np.ndarray]:
    """Return a figure with data sets × tasks panels that share the priors as rows."""
    labels = [catalogue.prior_label(prior) for prior in priors]
    height = len(datasets) * (ROW * max(len(priors), 3) + 0.55) + 0.3
    width = LETTER * max(map(len, labels), default=0) + 0.3 + PANEL * len(catalogue.tasks)
    figure = new_figure(max(WIDTH, width), height)
    panels = figure.subplots(len(datasets), len(catalogue.tasks), sharey=True, squeeze=False)
    ticks = 4 if len(catalogue.tasks) > 2 else 7
    for row, dataset in enumerate(datasets):
        panels[row, 0].set_ylabel(dataset, fontweight="bold")
        for axes, task in zip(panels[row], catalogue.tasks.values(), strict=True):
            axes.set_title(fill(task, TITLE))
            axes.set_yticks(range(len(priors)), labels)
            axes.set_ylim(len(priors) - 0.4, -0.6)
            axes.tick_params(axis="y", length=0)
            axes.xaxis.set_major_locator(MaxNLocator(ticks, steps=STEPS, min_n_ticks=2))
    return figure, panels


def draw_rows(
    axes: Axes, rows: Sequence[Row], decimals: int, include: Sequence[float] = ()
) -> bool:
    """Draw the rows of one panel, and return whether something lies beyond the axis.

    The axis spans what is not far out, see :func:`near`. A mean beyond it is written at the edge
    with an arrow; an arrowhead shows where an interval or an image goes on beyond it.

    Args:
        axes: a panel of :func:`dot_grid`.
        rows: in their order.
        decimals: of the numbers at the edge.
        include: numbers that the axis must show.
    """
    low, high = _limits(rows, include)
    note = 0.15 * (high - low) if any(row.note for row in rows) else 0.0
    axes.set_xlim(low, high + note)
    beyond = False
    for place, row in enumerate(rows):
        if row.words:
            _write(axes, place, row.words, FAILURE if row.failed else GRAY)
        elif np.isnan(row.mean):
            continue
        elif not low <= row.mean <= high:
            beyond = True
            number = f"{row.mean:.{decimals}f}".replace("-", "−").replace("inf", "∞")
            number = f"★ {number}" if row.best else number
            if row.mean < low:
                _write(axes, place, f"◂ {number}", GRAY)
            else:
                _write(axes, place, f"{row.note}  {number} ▸".strip(), GRAY, right=True)
            continue
        else:
            beyond |= _draw_row(axes, place, row, (low, high))
        if row.note:
            _write(axes, place, row.note, GRAY, right=True)
    return beyond


def near(values: ArrayLike) -> NDArray[np.bool_]:
    """Return which values an axis should span: those that are not far out.

    Far out is what lies more than :data:`FAR_OUT` · n / (n − 2) median absolute deviations from the
    median of the n values, and farther from the rest than :data:`WORTH` of the range of the rest.
    Nothing is far out among two values, or where more than half of them are equal. Values that are
    not finite never stretch an axis.
    """
    numbers = np.asarray(values, dtype=np.float64)
    finite = np.isfinite(numbers)
    if not finite.any():
        return finite
    distance = np.abs(np.where(finite, numbers, np.inf) - np.median(numbers[finite]))
    deviation = np.median(distance[finite])
    count = finite.sum()
    if deviation == 0 or count < 3:
        return finite
    # The deviation of few values is uncertain.
    rest = numbers[distance <= FAR_OUT * deviation * count / (count - 2)]
    room = WORTH * (rest.max() - rest.min())
    is_near: NDArray[np.bool_] = (numbers >= rest.min() - room) & (numbers <= rest.max() + room)
    return finite & is_near


def span(values: ArrayLike) -> tuple[float, float]:
    """Return the ends of an axis for these values; what :func:`near` leaves out lies beyond it."""
    numbers = np.asarray(values, dtype=np.float64)
    return _with_margin(numbers[near(numbers)].tolist())


def _with_margin(shown: Sequence[float]) -> tuple[float, float]:
    if not shown:
        return 0.0, 1.0
    low, high = min(shown), max(shown)
    margin = MARGIN * (high - low) or 0.05 * abs(high) or 0.05
    return low - margin, high + margin


def legend_mark(label: str, **style: object) -> Line2D:
    """Return what explains a kind of mark, in the colour that stands for those of every prior."""
    look: dict[str, object] = {"color": DARK, "marker": "o", "markersize": 4.2, "linewidth": 0}
    # A look holds values of several types.
    return Line2D([], [], label=label, **(look | style))  # type: ignore[arg-type]


HOLLOW = {"markerfacecolor": "white"}
BEYOND = "◂ ▸ beyond the axis"
NOT_FAILED = {Status.UNSUPPORTED: "can't do this", Status.UNDEFINED: "not defined"}
"""What stands in place of a mean that is missing for a reason that is no failure."""


def without_mean(state: Mapping[Any, Any] | None, mark: Mark) -> Row:
    """Return the row of a prior without a mean; one that has no state was not run."""
    status = Status.UNSUPPORTED if state is None else Status(state["status"])
    words = NOT_FAILED.get(status, status)
    return Row(mark=mark, words=words, failed=status not in NOT_FAILED)


def _limits(rows: Sequence[Row], include: Sequence[float]) -> tuple[float, float]:
    """Return the ends of the axis."""
    means = np.array([row.mean for row in rows])
    kept = [row for row, keep in zip(rows, near(means), strict=True) if keep]
    lows, highs = np.array([row.ends for row in kept]).reshape(-1, 2).T
    shown = [
        *(row.mean for row in kept),
        *lows[near(lows)],
        *highs[near(highs)],
        *include,
    ]
    low, high = min(shown, default=0.0), max(shown, default=0.0)
    room = WORTH * (high - low)
    # What lies just beyond is not worth clipping.
    numbers = np.array([(row.mean, *row.ends) for row in rows]).ravel()
    numbers = numbers[(numbers >= low - room) & (numbers <= high + room)]
    return _with_margin([*shown, *numbers])


def _draw_row(axes: Axes, place: int, row: Row, limits: tuple[float, float]) -> bool:
    """Draw a mean with its interval and images; return whether something lies beyond the axis."""
    low, high = limits
    colour = row.mark.colour
    inside = [value for value in row.values if low <= value <= high]
    axes.plot(
        inside, [place + 0.3] * len(inside), "|", markersize=2.4, color=colour, markeredgewidth=0.6
    )
    if np.isfinite(row.low):
        axes.plot(
            np.clip([row.low, row.high], low, high),
            [place, place],
            color=colour,
            linewidth=1.6,
            solid_capstyle="butt",
        )
    cut = (low, row.ends[0] < low, "<"), (high, row.ends[1] > high, ">")
    for end, is_cut, shape in cut:
        if is_cut:
            axes.plot([end], [place], shape, markersize=3, color=colour, clip_on=False)
    axes.plot(
        [row.mean],
        [place],
        "*" if row.best else row.mark.shape,
        markersize=8 if row.best else 4.2,
        color=colour,
        markerfacecolor="white" if row.failed else colour,
        zorder=3,
    )
    return any(is_cut for _, is_cut, _ in cut)


def _write(axes: Axes, place: int, text: str, colour: str, right: bool = False) -> None:
    """Write words at the left or right edge of a row."""
    axes.text(
        0.99 if right else 0.01,
        place,
        text,
        transform=axes.get_yaxis_transform(),
        va="center",
        ha="right" if right else "left",
        fontsize=6.5,
        color=colour,
        bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.8},
    )
