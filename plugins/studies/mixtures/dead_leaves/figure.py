"""The figure of ``gmm-dead-leaves``."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure

from priorbench.figures.canvas import new_figure, say_in
from priorbench.figures.style import GRAY, PALETTE, WIDTH, styled
from priorbench.results import Catalogue
from priorbench.studies import Estimate
from priorbench.studies.sheets import show

from ..eigenvectors import eigenvector_sheet
from .measure import Compared

TOP, PAIRS, LINE = 2.75, 2.15, 0.26
"""Heights in inches: of the panels, of the pictures, and of a task."""
SHOWN = 5
"""Pairs in each of two columns."""


@styled
def draw(compared: Compared, catalogue: Catalogue) -> Figure:
    """Draw likelihoods, angles, differences in PSNR, and eigenvectors of matched components."""
    tasks = 0.75 + LINE * len(compared.psnr) if compared.psnr else 0.0
    heights = [height for height in (TOP, tasks, PAIRS if compared.alignment else 0.0) if height]
    figure = new_figure(WIDTH, sum(heights))
    parts = iter(figure.subfigures(len(heights), 1, height_ratios=heights, squeeze=False)[:, 0])
    left, right = next(parts).subplots(1, 2, width_ratios=(1.25, 1))
    _draw_likelihoods(left, compared, catalogue)
    _draw_angles(right, compared)
    if compared.psnr:
        _draw_psnr(next(parts).subplots(), compared, catalogue)
    if compared.alignment:
        _draw_pairs(next(parts), compared)
    return figure


def _draw_likelihoods(axes: Axes, compared: Compared, catalogue: Catalogue) -> None:
    models = list(dict.fromkeys(model for model, _ in compared.likelihoods))
    sets = list(dict.fromkeys(on for _, on in compared.likelihoods))
    means = np.array([[compared.likelihoods[model, on].mean() for on in sets] for model in models])
    behind = means - means.max(0)
    # Half of the colours: dark text stays legible on all of them.
    axes.imshow(behind, cmap="Blues_r", aspect="auto", vmin=2 * min(behind.min(), -1e-9))
    for line, column in np.ndindex(*means.shape):
        text, weight = f"{means[line, column]:.1f}", "bold"
        if behind[line, column] != 0:
            text, weight = f"{text}\n(−{-behind[line, column]:.1f})", "normal"
        style: Any = {"color": "0.1", "fontweight": weight, "fontsize": 7.5}
        axes.text(column, line, text, ha="center", va="center", **style)
    axes.set_xticks(range(len(sets)), [name.replace(" ", "\n", 1) for name in sets])
    labels = [catalogue.prior_label(model).replace(", ", ",\n") for model in models]
    axes.set_yticks(range(len(models)), labels)
    axes.grid(False)
    axes.set(
        title="log-likelihood (nats per patch)",
        xlabel="held-out patches\n(in brackets: difference to the best of the column)",
    )


def _draw_angles(axes: Axes, compared: Compared) -> None:
    axes.set(title="subspaces of components", xlabel="principal angle", ylabel="degrees")
    # Room for the legend above what an angle can be.
    axes.set(ylim=(0, 140), yticks=range(0, 91, 30))
    found = compared.alignment
    if found is None:
        say_in(axes, "only flat components")
        return
    scrambled: Any = {"color": PALETTE[3], "linestyle": "--"}
    for angles, style, label, band in (
        (found.others, {"color": GRAY}, "other pairs", True),
        (found.scrambled.flatten(0, 1), scrambled, "after scrambling", False),
        (found.matched, {"color": PALETTE[0]}, "matched by shape", True),
    ):
        if not len(angles):
            continue
        low, middle, high = np.quantile(angles.numpy(), (0.1, 0.5, 0.9), axis=0)
        places = np.arange(1, len(middle) + 1)
        if band:
            axes.fill_between(places, low, high, color=style["color"], alpha=0.2, linewidth=0)
        axes.plot(places, middle, marker="o", markersize=4, linewidth=1.2, label=label, **style)
    axes.set_xticks(range(1, found.angles.shape[-1] + 1))
    title = "median; bands: 10 to 90 % of pairs"
    axes.legend(frameon=False, loc="upper left", title=title, title_fontsize=7)


def _draw_psnr(axes: Axes, compared: Compared, catalogue: Catalogue) -> None:
    natural = compared.natural.prior
    others = [(compared.leaves.prior, PALETTE[0], -0.12)]
    if compared.gaussian:
        others.append((compared.gaussian, PALETTE[1], 0.12))
    labels = []
    for line, ((dataset, task), values) in enumerate(compared.psnr.items()):
        labels.append(f"{catalogue.tasks[task]}, {dataset}: {values[natural].mean():.2f} dB")
        for model, colour, offset in others:
            place = line + offset
            difference = Estimate.of_mean(values[model] - values[natural])
            axes.plot(difference.interval, [place, place], "-", color=colour, linewidth=1.6)
            label = catalogue.prior_label(model) if line == 0 else None
            axes.plot(difference.value, place, "o", color=colour, markersize=4.2, label=label)
    axes.axvline(0, color="0.3", linewidth=0.8)
    axes.set_yticks(range(len(labels)), labels)
    axes.set_ylim(len(labels) - 0.5, -0.5)
    axes.set_xlabel(
        f"PSNR less that of {catalogue.prior_label(natural)}, which stands at the left (dB); "
        "mean and 95 % interval over images"
    )
    axes.legend(frameon=False, loc="upper left", bbox_to_anchor=(1, 1))


def _draw_pairs(part: SubFigure, compared: Compared) -> None:
    panels = part.subplots(1, 7, width_ratios=(1, 0.02, 1, 0.15, 1, 0.02, 1))
    for space in panels[1::2]:
        space.set_visible(False)
    for place, axes in enumerate(panels[::2]):
        column, mixture = divmod(place, 2)
        shown = compared.axes[mixture][SHOWN * column : SHOWN * (column + 1)]
        show(axes, eigenvector_sheet(shown, SHOWN), -1, 1)
        if len(shown):
            axes.set_title(("photographs", "dead leaves")[mixture])
    part.suptitle("leading eigenvectors of matched components, a pair in each row", fontsize=8.5)
