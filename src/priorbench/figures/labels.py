"""Labels at points, without overlaps."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise, product

import numpy as np
from matplotlib.axes import Axes

from priorbench.figures.style import LINE

__all__ = ["label_points"]

DISTANCES = (5, 9, 14, 20, 27, 35, 45, 60)
ANGLES = tuple(range(0, 360, 30))
MARKER = 7.0
LEADER = {"arrowstyle": "-", "color": LINE, "linewidth": 0.5, "shrinkA": 0, "shrinkB": 2}


def label_points(
    axes: Axes, points: Sequence[tuple[float, float, str]], line: np.ndarray, size: float = 6.5
) -> None:
    """Write a label near each point, inside the axes, where it covers no label and no point.

    The places around a point are tried from near to far; a label that had to go far gets a thin
    line to its point, which crosses no other point where that can be avoided. The axes must have
    their final size and limits.

    Args:
        axes: where.
        points: (x, y, label) in data coordinates.
        line: N × 2, a line in data coordinates that labels should not cover.
        size: of the font, in points.
    """
    unit = axes.figure.dpi / 72
    frame = np.array(axes.get_window_extent().extents)
    centres = [axes.transData.transform((x, y)) for x, y, _ in points]
    markers = [_box(centre, MARKER * unit, MARKER * unit) for centre in centres]
    taken = [
        *markers,
        *(
            _box(place, 2 * unit, 2 * unit)
            for place in _along(axes.transData.transform(line), 3 * unit)
        ),
    ]
    for number, (x, y, label) in enumerate(points):
        text = axes.annotate(
            label,
            (x, y),
            (0, 0),
            textcoords="offset points",
            ha="center",
            va="center",
            fontsize=size,
        )
        extent = text.get_window_extent()
        half = np.array([extent.width, extent.height]) / 2 / unit
        others = np.array(taken).reshape(-1, 4)
        far_markers = np.array(markers[:number] + markers[number + 1 :]).reshape(-1, 4)
        places = []
        for rank, (distance, angle) in enumerate(product(DISTANCES, np.radians(ANGLES))):
            offset = np.array([np.cos(angle), np.sin(angle)]) * (distance + half * [1, 0.5])
            box = _box(centres[number] + offset * unit, extent.width, extent.height)
            outside = extent.width * extent.height - _overlaps(box, frame[None]).sum()
            penalty = _overlaps(box, others).sum() + 4 * outside
            leader = _leader(offset, half) if distance > DISTANCES[1] else None
            if leader is not None:
                ends = centres[number] + np.array([np.zeros(2), leader]) * unit
                penalty += sum(
                    _overlaps(_box(place, 2 * unit, 2 * unit), far_markers).sum()
                    for place in _along(ends, 3 * unit)
                )
            places.append((round(penalty), rank, leader, offset, box))
        _, _, leader, offset, box = min(places, key=lambda place: place[:2])
        text.set_position((float(offset[0]), float(offset[1])))
        if leader is not None:
            axes.annotate(
                "", (x, y), (leader[0], leader[1]), textcoords="offset points", arrowprops=LEADER
            )
        taken.append(box)


def _leader(offset: np.ndarray, half: np.ndarray) -> np.ndarray:
    """Return where the line to a point at the origin begins: the nearest place of the label.

    Args:
        offset: centre of the label.
        half: half of its width and height.
    """
    reach = half * [0.9, 0.5]
    start: np.ndarray = np.clip(0, offset - reach, offset + reach)
    return start


def _along(corners: np.ndarray, step: float) -> np.ndarray:
    """Return places on the line through ``corners``, at most ``step`` apart, without its ends."""
    pieces = [np.empty((0, 2))]
    for start, stop in pairwise(corners):
        number = int(np.hypot(*(stop - start)) / step) + 1
        pieces.append(np.linspace(start, stop, number + 1)[1:-1])
    return np.concatenate(pieces)


def _box(centre: np.ndarray, width: float, height: float) -> np.ndarray:
    """Return (left, bottom, right, top)."""
    half = np.array([width, height]) / 2
    return np.concatenate([centre - half, centre + half])


def _overlaps(box: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Return the area that the box shares with each of the others, N × 4."""
    sides = np.minimum(box[2:], others[:, 2:]) - np.maximum(box[:2], others[:, :2])
    areas: np.ndarray = sides.clip(min=0).prod(axis=1)
    return areas
