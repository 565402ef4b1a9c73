"""Sheets of tiles, and what the figure shows of one model."""

from __future__ import annotations

import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.figure import SubFigure
from torch import Tensor

from .pictures import COLUMNS, REACH, STEPS, Pictures
from .spectra import MEANS, NOISY

GAP = 3
"""Pixels between tiles."""


def sheet(tiles: Tensor, columns: int) -> np.ndarray:
    """Return N × T × T tiles as one picture, row by row, with NaN between them."""
    size = tiles.shape[-1]
    rows = -(-len(tiles) // columns)
    found = np.full((rows, columns, size + GAP, size + GAP), np.nan)
    for number, tile in enumerate(tiles.numpy()):
        found[number // columns, number % columns, :size, :size] = tile
    return found.transpose(0, 2, 1, 3).reshape(rows * (size + GAP), -1)[:-GAP, :-GAP]


def to_peak(tiles: Tensor, like: Tensor | None = None) -> Tensor:
    """Return tiles, N × T × T, each divided by the largest absolute value of it, or of that tile of ``like``."""
    return tiles / (tiles if like is None else like).abs().amax((1, 2), keepdim=True).clamp(
        min=1e-12
    )


def draw_pictures(part: SubFigure, label: str, found: Pictures) -> None:
    """Draw samples and reconstructions above, walks through the codes below."""
    part.suptitle(label, fontsize=9.5, fontweight="bold")
    above, below = part.subfigures(2, 1, height_ratios=(1.75, 1.35), squeeze=False)[:, 0]
    means, noisy, pairs = above.subplots(1, 3)
    means_of, noisy_of = found.samples[MEANS], found.samples[NOISY]
    _show(means, sheet(to_peak(means_of, noisy_of), COLUMNS), "Samples: decoder's means")
    _show(noisy, sheet(to_peak(noisy_of), COLUMNS), "The same with the decoder's noise")
    _show(pairs, _pairs(found), "Test tiles, reconstructions below")
    left, right = below.subplots(1, 2)
    walks = found.interpolations
    peaks = walks.abs().amax((1, 2, 3), keepdim=True).clamp(min=1e-12)
    _show(left, sheet((walks / peaks).flatten(0, 1), STEPS), "Between the codes of two test tiles")
    dimensions = found.traversals
    peaks = dimensions.abs().amax((1, 2, 3), keepdim=True).clamp(min=1e-12)
    _show(
        right,
        sheet((dimensions / peaks).flatten(0, 1), STEPS),
        "Along single dimensions of the code",
    )
    pitch = dimensions.shape[-1] + GAP
    middle = (pitch - GAP) / 2
    places = [middle + row * pitch for row in range(len(dimensions))]
    right.set_yticks(places, [f"{value:.1f} nats" for value in found.divergences])
    values = torch.linspace(-REACH, REACH, STEPS).tolist()
    ticks = range(0, STEPS, (STEPS - 1) // 2)
    right.set_xticks(
        [middle + step * pitch for step in ticks],
        [f"{values[step]:g}".replace("-", "−") for step in ticks],
    )
    right.tick_params(length=0, pad=2, labelsize=7)


def _pairs(found: Pictures) -> np.ndarray:
    """Return rows of originals, each above its reconstructions, on the scale of the originals."""
    rows = []
    for first in range(0, len(found.originals), COLUMNS):
        own = slice(first, first + COLUMNS)
        originals = found.originals[own]
        row = originals.new_full((2, COLUMNS, *originals.shape[1:]), np.nan)
        row[0, : len(originals)] = to_peak(originals)
        row[1, : len(originals)] = to_peak(found.reconstructions[own], originals)
        rows.append(row)
    return sheet(torch.cat(rows).flatten(0, 1), COLUMNS)


def _show(axes: Axes, picture: np.ndarray, title: str) -> None:
    """Draw a picture in gray from −1 to 1, without ticks; the gaps stay white."""
    axes.imshow(picture, cmap="gray", vmin=-1, vmax=1, interpolation="nearest")
    axes.set_title(title)
    axes.set(xticks=[], yticks=[])
    axes.grid(False)
    for spine in axes.spines.values():
        spine.set_visible(False)
