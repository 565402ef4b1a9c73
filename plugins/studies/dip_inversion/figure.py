"""The figure of ``dip-inversion``."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure, FigureBase, SubFigure

from priorbench.figures.canvas import new_figure
from priorbench.figures.style import GRAY, WIDTH, styled
from priorbench.studies.sheets import show

from .activation import DISTANCE, LOG_ODDS, OWN, PROBABILITY, Exciting
from .pre_images import ERROR, METHODS, PSNR, SSIM, PreImage

LABELS = {"hog": "histograms of\noriented gradients", "steered": "steered derivatives"}
TITLE, CAPTION = 0.25, 0.3
"""Heights in inches."""
PANEL = WIDTH / (1 + len(METHODS))
"""Width of a panel in inches."""


@styled
def draw(
    photograph: np.ndarray,
    found: Mapping[str, Mapping[str, PreImage]],
    exciting: Mapping[str, Mapping[str, Exciting]],
) -> Figure:
    """Draw what each method found: a row for each feature, and below them one for each class.

    Args:
        photograph: H × W on [0, 1].
        found: by feature and method.
        exciting: by class and method, the class's own crop among them.
    """
    height, width = photograph.shape
    upper = TITLE + len(found) * (PANEL * height / width + CAPTION)
    lower = TITLE + len(exciting) * (PANEL + CAPTION)
    figure = _empty(upper + lower)
    above, below = figure.subfigures(2, 1, squeeze=False, height_ratios=(upper, lower))[:, 0]
    _draw_pre_images(above, photograph, found)
    _draw_exciting(below, exciting)
    return figure


@styled
def draw_exciting(exciting: Mapping[str, Mapping[str, Exciting]]) -> Figure:
    """Draw the lower part of the figure alone, a row for each class; see :func:`draw`."""
    figure = _empty(TITLE + len(exciting) * (PANEL + CAPTION))
    _draw_exciting(figure, exciting)
    return figure


def _empty(height: float) -> Figure:
    figure = new_figure(WIDTH, height)
    figure.set_layout_engine("constrained", w_pad=0.02, h_pad=0.02, wspace=0.01, hspace=0.01)
    return figure


def _draw_pre_images(
    figure: SubFigure, photograph: np.ndarray, found: Mapping[str, Mapping[str, PreImage]]
) -> None:
    rows = figure.subplots(len(found), 1 + len(METHODS), squeeze=False)
    numbers = "relative error of Φ\nPSNR, structural similarity"
    for row, (feature, own) in zip(rows, found.items(), strict=True):
        show(row[0], photograph, 0, 1)
        row[0].set_ylabel(LABELS.get(feature, feature))
        row[0].set_xlabel(numbers, color=GRAY, fontsize=7)
        for axes, method in zip(row[1:], METHODS, strict=True):
            values = own[method].values
            show(axes, own[method].image[..., 0], 0, 1)
            quality = f"{values[PSNR]:.2f} dB, {values[SSIM]:.3f}"
            axes.set_xlabel(f"{values[ERROR]:.3f}\n{quality}", fontsize=7)
    for axes, title in zip(rows[0], ("photograph", *METHODS), strict=True):
        axes.set_title(title)


def _draw_exciting(figure: FigureBase, exciting: Mapping[str, Mapping[str, Exciting]]) -> None:
    columns = (OWN, *METHODS)
    rows = figure.subplots(len(exciting), len(columns), squeeze=False)
    for row, (name, own) in zip(rows, exciting.items(), strict=True):
        for axes, method in zip(row, columns, strict=True):
            values = own[method].values
            show(axes, own[method].image, 0, 1)
            said = f"log odds {values[LOG_ODDS]:.1f}, p = {values[PROBABILITY]:.4f}"
            axes.set_xlabel(f"{said}\npatch distance {values[DISTANCE]:.1f}", fontsize=7)
        row[0].set_ylabel(name)
    for axes, title in zip(rows[0], columns, strict=True):
        axes.set_title(title)
