"""The pictures that one model makes."""

from __future__ import annotations

import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.figure import SubFigure
from torch import Tensor

from priorbench.studies.sheets import sheet, show

from .pictures import COLUMNS, REACH, STEPS, Pictures
from .spectra import MEANS, NOISY

GAP = 3
"""Pixels between tiles."""


def to_peak(tiles: Tensor, like: Tensor) -> Tensor:
    """Return tiles, N × T × T, each divided by the largest absolute value of that of ``like``."""
    return tiles / like.abs().amax((1, 2), keepdim=True).clamp(min=1e-12)


def draw_pictures(part: SubFigure, label: str, found: Pictures) -> None:
    """Draw samples and reconstructions above, walks through the codes below."""
    part.suptitle(label, fontsize=9.5, fontweight="bold")
    above, below = part.subfigures(2, 1, height_ratios=(1.75, 1.35), squeeze=False)[:, 0]
    means, noisy, pairs = above.subplots(1, 3)
    means_of, noisy_of = found.samples[MEANS], found.samples[NOISY]
    _draw(means, to_peak(means_of, noisy_of), COLUMNS, "Samples: decoder's means")
    _draw(noisy, to_peak(noisy_of, noisy_of), COLUMNS, "The same with the decoder's noise")
    _draw(pairs, _pairs(found), COLUMNS, "Test tiles, reconstructions below")
    left, right = below.subplots(1, 2)
    _draw(left, _walks(found.interpolations), STEPS, "Between the codes of two test tiles")
    _draw(right, _walks(found.traversals), STEPS, "Along single dimensions of the code")
    pitch = found.traversals.shape[-1] + GAP
    middle = (pitch - GAP) / 2
    places = [middle + row * pitch for row in range(len(found.traversals))]
    right.set_yticks(places, [f"{value:.1f} nats" for value in found.divergences])
    values = torch.linspace(-REACH, REACH, STEPS).tolist()
    ticks = range(0, STEPS, (STEPS - 1) // 2)
    labels = [f"{values[step]:g}".replace("-", "−") for step in ticks]
    right.set_xticks([middle + step * pitch for step in ticks], labels)
    right.tick_params(length=0, pad=2, labelsize=7)


def _walks(walks: Tensor) -> Tensor:
    """Return the tiles of walks × steps × T × T, each walk divided by its largest value."""
    return (walks / walks.abs().amax((1, 2, 3), keepdim=True).clamp(min=1e-12)).flatten(0, 1)


def _pairs(found: Pictures) -> Tensor:
    """Return rows of originals, each above its reconstructions, on the scale of the originals."""
    rows = []
    pairs = (torch.split(tiles, COLUMNS) for tiles in (found.originals, found.reconstructions))
    for originals, reconstructions in zip(*pairs, strict=True):
        row = originals.new_full((2, COLUMNS, *originals.shape[1:]), np.nan)
        row[0, : len(originals)] = to_peak(originals, originals)
        row[1, : len(originals)] = to_peak(reconstructions, originals)
        rows.append(row)
    return torch.cat(rows).flatten(0, 1)


def _draw(axes: Axes, tiles: Tensor, columns: int, title: str) -> None:
    show(axes, sheet(tiles, columns, GAP), -1, 1)
    axes.set_title(title)
