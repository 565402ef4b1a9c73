"""The figure of ``dip-inversion``."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from priorbench.report.figures.canvas import new_figure
from priorbench.report.figures.style import GRAY, WIDTH, styled

from .pre_images import ERROR, METHODS, PSNR, SSIM, PreImage

LABELS = {"hog": "histograms of\noriented gradients", "steered": "steered derivatives"}
TITLE, CAPTION = 0.25, 0.3
"""Heights in inches."""


@styled
def draw(photograph: np.ndarray, found: Mapping[str, Mapping[str, PreImage]]) -> Figure:
    """Draw the photograph and what each method found, a row for each feature.

    Args:
        photograph: H × W × 1 on [0, 1].
        found: by feature and method.
    """
    height, width = photograph.shape[:2]
    panel = WIDTH / (1 + len(METHODS)) * height / width
    figure = new_figure(WIDTH, TITLE + len(found) * (panel + CAPTION))
    figure.set_layout_engine("constrained", w_pad=0.02, h_pad=0.02, wspace=0.01, hspace=0.01)
    rows = figure.subplots(len(found), 1 + len(METHODS), squeeze=False)
    for row, (feature, own) in zip(rows, found.items(), strict=True):
        _show(row[0], photograph)
        row[0].set_ylabel(LABELS.get(feature, feature))
        row[0].set_xlabel(
            "relative error of Φ\nPSNR, structural similarity", color=GRAY, fontsize=7
        )
        for axes, method in zip(row[1:], METHODS, strict=True):
            values = own[method].values
            _show(axes, own[method].image)
            numbers = f"{values[PSNR]:.2f} dB, {values[SSIM]:.3f}"
            axes.set_xlabel(f"{values[ERROR]:.3f}\n{numbers}", fontsize=7)
    for axes, title in zip(rows[0], ("photograph", *METHODS), strict=True):
        axes.set_title(title)
    return figure


def _show(axes: Axes, image: np.ndarray) -> None:
    axes.imshow(image[..., 0], cmap="gray", vmin=0, vmax=1, interpolation="nearest")
    axes.set(xticks=[], yticks=[])
    axes.grid(False)
    for spine in axes.spines.values():
        spine.set_visible(False)


@styled
def no_figure(reason: str) -> Figure:
    """Return a figure that says why there is none."""
    figure = new_figure(WIDTH, 1.0)
    figure.text(0.5, 0.5, reason, ha="center", va="center", color=GRAY)
    return figure
