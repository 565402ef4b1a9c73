"""Clean, corrupted and restored: one image and one task."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.patheffects import AbstractPathEffect, withStroke
from scipy.ndimage import uniform_filter

from priorbench.figures.canvas import new_figure
from priorbench.figures.style import GRAY, WIDTH, styled

COLUMNS = 5
GAP, CAPTION, TITLE = 0.04, 0.31, 0.24
"""Heights and widths between panels, in inches."""

ZOOM = 0.18
"""Side of the enlarged square as a fraction of the image's shorter side."""

INSET = 0.45
"""Side of the inset as a fraction of the panel's shorter side."""

FRAME = "#ffd000"
"""Stands out from gray and, with a black rim, from white."""

RIM: list[AbstractPathEffect] = [withStroke(linewidth=1.8, foreground="black")]

SIZE, SMALLEST = 7.5, 6.0
"""Of a panel's title, in points."""


@dataclass(frozen=True)
class Panel:
    """One restoration.

    Args:
        label: the prior's name.
        image: H × W × C on [0, 1], or None if there is none.
        caption: what stands below the label: a score, or why there is no image.
    """

    label: str
    image: np.ndarray | None
    caption: str


@styled
def draw_gallery(
    clean: np.ndarray | None,
    observed: np.ndarray,
    panels: Sequence[Panel],
    title: str = "",
    observed_label: str = "corrupted",
    observed_caption: str = "",
) -> Figure:
    """Draw the clean image, the observation and the restorations, with one detail enlarged.

    The detail is where the restorations differ most on a structured part of the image. Values
    outside [0, 1] are clipped for display; missing pixels of an observation are black, as they are
    stored.

    Args:
        clean: H × W × C on [0, 1], C = 1 or 3; None where it is not known.
        observed: h × w × C; a smaller one is shown with its pixels enlarged.
        panels: the restorations in display order.
        title: of the figure.
        observed_label: what the observation is called.
        observed_caption: what stands below that.
    """
    images = [panel.image for panel in panels if panel.image is not None]
    # Without a clean image, what is closest to one tells the size and the structure.
    reference = next((image for image in (clean, *images) if image is not None), observed)
    height, width = reference.shape[:2]
    detail = find_detail(reference, images)
    everything = [
        *([] if clean is None else [Panel("clean", clean, "")]),
        Panel(observed_label, observed, observed_caption),
        *panels,
    ]
    columns = min(COLUMNS, len(everything))
    lines = ceil(len(everything) / columns)
    panel_width = WIDTH / COLUMNS - GAP
    panel_height = panel_width * height / width
    head = TITLE if title else 0.0
    size = columns * (panel_width + GAP), head + lines * (CAPTION + panel_height + GAP)
    figure = new_figure(*size)
    figure.set_layout_engine("none")
    for number, panel in enumerate(everything):
        line, column = divmod(number, columns)
        bottom = size[1] - head - (line + 1) * (CAPTION + panel_height + GAP) + GAP / 2
        left = column * (panel_width + GAP) + GAP / 2
        place = left / size[0], bottom / size[1], panel_width / size[0], panel_height / size[1]
        axes = figure.add_axes(place)
        _write_title(axes, panel)
        axes.set(xticks=[], yticks=[], xlim=(0, width), ylim=(height, 0), aspect="equal")
        axes.grid(False)
        for spine in axes.spines.values():
            spine.set_visible(False)
        if panel.image is None:
            axes.set_facecolor("0.94")
            axes.text(
                width / 2,
                height / 2,
                "no image",
                ha="center",
                va="center",
                color=GRAY,
                fontsize=SIZE,
            )
        else:
            _show(axes, panel.image, (height, width), detail)
    if title:
        figure.text(0.5, 1 - 0.5 * TITLE / size[1], title, ha="center", va="center", fontsize=9)
    return figure


def find_detail(clean: np.ndarray, restored: Sequence[np.ndarray]) -> tuple[int, int, int]:
    """Return (top, left, side) of the square where restorations differ and the image has structure.

    The measure is the mean gradient of the clean image in the square times the mean standard
    deviation over restorations; without two restorations it is the gradient alone.
    """
    side = min(max(8, round(ZOOM * min(clean.shape[:2]))), *clean.shape[:2])
    interest = uniform_filter(np.hypot(*np.gradient(clean.mean(axis=2, dtype=np.float64))), side)
    if len(restored) > 1:
        gray = np.stack([np.clip(image, 0, 1).mean(axis=2, dtype=np.float64) for image in restored])
        interest = interest * uniform_filter(gray.std(axis=0), side)
    before = side // 2
    inside = interest[
        before : clean.shape[0] - side + before + 1, before : clean.shape[1] - side + before + 1
    ]
    top, left = np.unravel_index(np.argmax(inside), inside.shape)
    return int(top), int(left), side


def _write_title(axes: Axes, panel: Panel) -> None:
    """Write the label and the caption, smaller or shortened where they are wider than the panel."""
    room = axes.get_window_extent().width
    label, size = panel.label, SIZE
    while True:
        title = axes.set_title(f"{label}\n{panel.caption}", fontsize=size, pad=2.5, linespacing=1.1)
        if title.get_window_extent().width <= room or len(label) < 4:
            return
        if size > SMALLEST:
            size -= 0.5
        else:
            label = label.removesuffix("…")[:-1].rstrip() + "…"


def _show(
    axes: Axes, image: np.ndarray, size: tuple[int, int], detail: tuple[int, int, int]
) -> None:
    """Draw an image over the area of the clean one, and the detail in the farthest corner."""
    height, width = size
    top, left, side = detail
    shown = np.clip(image, 0, 1)
    shown = shown[..., 0] if shown.shape[2] == 1 else shown
    extent = (0, width, height, 0)
    options: dict[str, Any] = {"cmap": "gray", "vmin": 0, "vmax": 1, "extent": extent}
    axes.imshow(shown, **options)
    square = Rectangle((left, top), side, side, fill=False, edgecolor=FRAME, linewidth=0.8)
    square.set_path_effects(RIM)
    axes.add_patch(square)
    fraction = INSET * min(height, width)
    right = left + side / 2 < width / 2
    bottom = top + side / 2 < height / 2
    corner = (1 - fraction / width if right else 0, 0 if bottom else 1 - fraction / height)
    inset = axes.inset_axes((*corner, fraction / width, fraction / height))
    inset.imshow(shown, interpolation="nearest", **options)
    inset.set(xticks=[], yticks=[], xlim=(left, left + side), ylim=(top + side, top))
    inset.grid(False)
    for spine in inset.spines.values():
        spine.set(visible=True, edgecolor=FRAME, linewidth=1, path_effects=RIM)
