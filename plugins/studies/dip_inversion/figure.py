"""The figure of ``dip-inversion``."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure

from priorbench.figures.canvas import new_figure
from priorbench.figures.style import GRAY, WIDTH, styled
from priorbench.studies.sheets import show

from .pre_images import ERROR, METHODS, PSNR, SSIM, PreImage

LABELS = {"hog": "histograms of\noriented gradients", "steered": "steered derivatives"}
TITLE, CAPTION = 0.25, 0.3
"""Heights in inches."""


@styled
def draw(photograph: np.ndarray, found: Mapping[str, Mapping[str, PreImage]]) -> Figure:
    """Draw the photograph and what each method found, a row for each feature.

    Args:
        photograph: H × W on [0, 1].
        found: by feature and method.
    """
    height, width = photograph.shape
    panel = WIDTH / (1 + len(METHODS)) * height / width
    figure = new_figure(WIDTH, TITLE + len(found) * (panel + CAPTION))
    figure.set_layout_engine("constrained", w_pad=0.02, h_pad=0.02, wspace=0.01, hspace=0.01)
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
    return figure
