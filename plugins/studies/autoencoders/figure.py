"""The figure of ``vae``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator, NullLocator

from priorbench.report.figures.canvas import new_figure
from priorbench.report.figures.style import DARK, GRAY, PALETTE, WIDTH, Mark, styled

from .modes import JOINT, LATENT, MODES, OBSERVED, PROJECT
from .sheets import draw_pictures
from .spectra import MEANS, NOISY, ORIGINALS, RECONSTRUCTIONS, RINGS

if TYPE_CHECKING:
    from .study import Studied

CURVES, SCORES, PICTURES = 2.5, 2.5, 3.4
"""Heights in inches: of the spectra, of the restorations, of a model's pictures."""
TITLE, LINE = 0.6, 0.2
"""Of the likelihoods of patches: of all but the bars, and of each."""
BLACK = "0.1"
WAYS = {
    OBSERVED: "observation,\ninterpolated",
    PROJECT: "project: encode and\ndecode it once",
    LATENT: "latent: search for the codes\nwhose images explain it",
    JOINT: "jpmap: joint MAP of\nimage and codes",
}
"""What each row of the restorations is called."""
LINES = {RECONSTRUCTIONS: "-", MEANS: "-", NOISY: "--"}


@styled
def draw(
    studied: Sequence[Studied],
    patches: Mapping[str, float],
    labels: Mapping[str, str],
    marks: Mapping[str, Mark],
) -> Figure:
    """Draw spectra, restorations, likelihoods of patches, and pictures; what is missing takes no room.

    Args:
        studied: autoencoders of tiles.
        patches: mean log-likelihood in nats per patch, by prior.
        labels: of all priors, in display order.
        marks: of all priors.
    """
    heights = [CURVES, SCORES] if studied else []
    heights += [TITLE + LINE * len(patches)] if patches else []
    heights += [PICTURES] * len(studied)
    figure = new_figure(WIDTH, sum(heights))
    parts = iter(figure.subfigures(len(heights), 1, height_ratios=heights, squeeze=False)[:, 0])
    if studied:
        _draw_spectra(next(parts), studied)
        _draw_scores(next(parts), studied)
    if patches:
        _draw_likelihoods(next(parts).subplots(), patches, labels, marks)
    for one in studied:
        draw_pictures(next(parts), one.label, one.pictures)
    return figure


@styled
def no_figure(reason: str) -> Figure:
    """Return a figure that says why there is none."""
    figure = new_figure(WIDTH, 1.0)
    figure.text(0.5, 0.5, reason, ha="center", va="center", color=GRAY)
    return figure


def _draw_spectra(part: SubFigure, studied: Sequence[Studied]) -> None:
    images, tiles = part.subplots(1, 2, sharey=True)
    for number, one in enumerate(studied):
        for axes, curves in ((images, one.blur.images), (tiles, one.blur.tiles)):
            for name, power in curves.items():
                if name != ORIGINALS:
                    _curve(axes, power, color=PALETTE[number], linestyle=LINES[name])
                elif not number:
                    _curve(axes, power, color=BLACK)
    for axes, title in ((images, "Whole images"), (tiles, "Tiles without their means")):
        axes.set(xscale="log", yscale="log", title=title, xlabel="frequency (cycles per pixel)")
        axes.xaxis.set_major_locator(FixedLocator([1 / 64, 1 / 32, 1 / 16, 1 / 8, 1 / 4, 1 / 2]))
        axes.xaxis.set_minor_locator(NullLocator())
        axes.set_xticklabels(["1/64", "1/32", "1/16", "1/8", "1/4", "1/2"])
    images.set_ylabel("power density (intensity²)")
    # Room for the legends below the curves.
    low, high = images.get_ylim()
    images.set_ylim(low / 30, high)
    models = [
        (f"{RECONSTRUCTIONS}, {one.label}", PALETTE[number], "-")
        for number, one in enumerate(studied)
    ]
    kinds = [
        (name, GRAY if len(studied) > 1 else PALETTE[0], LINES[name]) for name in (MEANS, NOISY)
    ]
    for axes, lines in ((images, models), (tiles, kinds)):
        handles = [
            Line2D([], [], color=colour, linestyle=style, linewidth=1.3, label=name)
            for name, colour, style in [(ORIGINALS, BLACK, "-"), *lines]
        ]
        axes.legend(handles=handles, frameon=False, loc="lower left", handlelength=1.8, fontsize=7)


def _curve(axes: Axes, power: np.ndarray, **style: Any) -> None:
    edges = np.array(RINGS)
    middle = np.sqrt(edges[1:] * edges[:-1])
    seen = np.isfinite(power)
    axes.plot(middle[seen], power[seen], linewidth=1.3, **style)


def _draw_scores(part: SubFigure, studied: Sequence[Studied]) -> None:
    tasks = list(studied[0].scores)
    panels = part.subplots(1, len(tasks), sharey=True)
    names = [OBSERVED, *MODES]
    for axes, task in zip(np.atleast_1d(panels), tasks, strict=True):
        for number, one in enumerate(studied):
            values = one.scores[task]
            shift = 0.32 * (number - (len(studied) - 1) / 2)
            for line, mode in enumerate(names):
                if mode == OBSERVED and number:
                    continue
                seen = mode == OBSERVED
                place = line + (0 if seen else shift)
                colour = GRAY if seen else PALETTE[number]
                axes.plot(
                    values[mode],
                    [place] * len(values),
                    "|",
                    color=colour,
                    markersize=5.5,
                    markeredgewidth=0.8,
                )
                axes.plot(values[mode].mean(), place, "o", color=colour, markersize=4.5)
        axes.set(title=task, xlabel="PSNR (dB)")
        axes.grid(False, axis="y")
    first = np.atleast_1d(panels)[0]
    first.set_yticks(range(len(names)), [WAYS[name] for name in names])
    first.set_ylim(len(names) - 0.5, -0.5)
    handles = [
        Line2D([], [], color=PALETTE[number], linewidth=3, label=one.label)
        for number, one in enumerate(studied)
    ]
    handles += [
        Line2D([], [], color=DARK, marker=marker, markersize=5, linewidth=0, label=label)
        for marker, label in (("o", "mean"), ("|", "one image"))
    ]
    part.legend(handles=handles, loc="outside upper center", ncols=len(handles), frameon=False)


def _draw_likelihoods(
    axes: Axes,
    patches: Mapping[str, float],
    labels: Mapping[str, str],
    marks: Mapping[str, Mark],
) -> None:
    ordered = sorted(patches, key=patches.__getitem__)
    low, high = patches[ordered[0]], patches[ordered[-1]]
    for line, prior in enumerate(ordered):
        axes.plot(patches[prior], line, marks[prior].shape, color=marks[prior].colour, markersize=5)
        axes.annotate(
            f"{patches[prior]:.1f}",
            (patches[prior], line),
            xytext=(6, 0),
            textcoords="offset points",
            va="center",
            size=7,
        )
    axes.set_yticks(range(len(ordered)), [labels[prior] for prior in ordered])
    room = 0.08 * (high - low) or 1.0
    axes.set(xlim=(low - room, high + 2 * room), ylim=(-0.6, len(ordered) - 0.4))
    axes.set_xlabel("log-likelihood of held-out patches (nats per patch)")
