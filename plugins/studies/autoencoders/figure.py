"""The figure of ``vae``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator, NullLocator

from priorbench.figures.canvas import new_figure
from priorbench.figures.style import DARK, GRAY, PALETTE, WIDTH, Mark, styled

from .measure import Studied
from .modes import JOINT, LATENT, MODES, OBSERVED, PROJECT
from .panels import draw_pictures
from .spectra import MEANS, NOISY, ORIGINALS, RECONSTRUCTIONS, RINGS

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
LINES = {ORIGINALS: "-", RECONSTRUCTIONS: "-", MEANS: "-", NOISY: "--"}


@styled
def draw(
    studied: Sequence[Studied],
    patches: Mapping[str, float],
    labels: Mapping[str, str],
    marks: Mapping[str, Mark],
) -> Figure:
    """Draw spectra, restorations, likelihoods of patches, and pictures.

    What is missing takes no room.

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


def _draw_spectra(part: SubFigure, studied: Sequence[Studied]) -> None:
    images, tiles = part.subplots(1, 2, sharey=True)
    _draw_curves(images, "Whole images", [one.blur.images for one in studied])
    _draw_curves(tiles, "Tiles without their means", [one.blur.tiles for one in studied])
    images.set_ylabel("power density (intensity²)")
    # Room for the legends below the curves.
    low, high = images.get_ylim()
    images.set_ylim(low / 30, high)
    models = [
        (f"{RECONSTRUCTIONS}, {one.label}", PALETTE[number], "-")
        for number, one in enumerate(studied)
    ]
    colour = GRAY if len(studied) > 1 else PALETTE[0]
    kinds = [(name, colour, LINES[name]) for name in (MEANS, NOISY)]
    for axes, lines in ((images, models), (tiles, kinds)):
        handles = [
            Line2D([], [], color=colour, linestyle=style, linewidth=1.3, label=name)
            for name, colour, style in [(ORIGINALS, BLACK, "-"), *lines]
        ]
        axes.legend(handles=handles, frameon=False, loc="lower left", handlelength=1.8, fontsize=7)


def _draw_curves(axes: Axes, title: str, curves: Sequence[Mapping[str, np.ndarray]]) -> None:
    """Draw the originals, which all models have in common, and what each model makes."""
    edges = np.array(RINGS)
    middle = np.sqrt(edges[1:] * edges[:-1])
    for number, own in enumerate(curves):
        for name, power in own.items():
            if name == ORIGINALS and number:
                continue
            colour = BLACK if name == ORIGINALS else PALETTE[number]
            seen = np.isfinite(power)
            style: Any = {"color": colour, "linestyle": LINES[name], "linewidth": 1.3}
            axes.plot(middle[seen], power[seen], **style)
    axes.set(xscale="log", yscale="log", title=title, xlabel="frequency (cycles per pixel)")
    octaves = (64, 32, 16, 8, 4, 2)
    axes.xaxis.set_major_locator(FixedLocator([1 / octave for octave in octaves]))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_xticklabels([f"1/{octave}" for octave in octaves])


def _draw_scores(part: SubFigure, studied: Sequence[Studied]) -> None:
    tasks = list(studied[0].scores)
    panels = part.subplots(1, len(tasks), sharey=True, squeeze=False)[0]
    for axes, task in zip(panels, tasks, strict=True):
        # The observation is the same for all models.
        _draw_values(axes, studied[0].scores[task][OBSERVED], 0, GRAY)
        for number, one in enumerate(studied):
            shift = 0.32 * (number - (len(studied) - 1) / 2)
            for line, mode in enumerate(MODES, start=1):
                _draw_values(axes, one.scores[task][mode], line + shift, PALETTE[number])
        axes.set(title=task, xlabel="PSNR (dB)")
        axes.grid(False, axis="y")
    names = [WAYS[name] for name in (OBSERVED, *MODES)]
    panels[0].set_yticks(range(len(names)), names)
    panels[0].set_ylim(len(names) - 0.5, -0.5)
    handles = [
        Line2D([], [], color=PALETTE[number], linewidth=3, label=one.label)
        for number, one in enumerate(studied)
    ]
    handles += [
        Line2D([], [], color=DARK, marker=marker, markersize=5, linewidth=0, label=label)
        for marker, label in (("o", "mean"), ("|", "one image"))
    ]
    part.legend(handles=handles, loc="outside upper center", ncols=len(handles), frameon=False)


def _draw_values(axes: Axes, values: pd.Series, place: float, colour: Any) -> None:
    """Draw a line for each image and a dot for their mean."""
    single: Any = {"markersize": 5.5, "markeredgewidth": 0.8}
    axes.plot(values, [place] * len(values), "|", color=colour, **single)
    axes.plot(values.mean(), place, "o", color=colour, markersize=4.5)


def _draw_likelihoods(
    axes: Axes,
    patches: Mapping[str, float],
    labels: Mapping[str, str],
    marks: Mapping[str, Mark],
) -> None:
    ordered = sorted(patches, key=patches.__getitem__)
    low, high = patches[ordered[0]], patches[ordered[-1]]
    beside: Any = {"xytext": (6, 0), "textcoords": "offset points", "va": "center", "size": 7}
    for line, prior in enumerate(ordered):
        value, mark = patches[prior], marks[prior]
        axes.plot(value, line, mark.shape, color=mark.colour, markersize=5)
        axes.annotate(f"{value:.1f}", (value, line), **beside)
    axes.set_yticks(range(len(ordered)), [labels[prior] for prior in ordered])
    room = 0.08 * (high - low) or 1.0
    axes.set(xlim=(low - room, high + 2 * room), ylim=(-0.6, len(ordered) - 0.4))
    axes.set_xlabel("log-likelihood of held-out patches (nats per patch)")
