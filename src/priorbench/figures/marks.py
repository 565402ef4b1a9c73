"""The colour and the shape of each prior's marks, without matplotlib: the site needs them too."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from priorbench.results.catalogue import Catalogue, family

Colour = tuple[float, float, float]
"""Red, green and blue on [0, 1]."""


def from_hex(colour: str) -> Colour:
    """Return a colour that is written as ``#rrggbb``."""
    red, green, blue = bytes.fromhex(colour.removeprefix("#"))
    return red / 255, green / 255, blue / 255


def to_hex(colour: Colour) -> str:
    """Return a colour as ``#rrggbb``."""
    return "#" + bytes(round(255 * channel) for channel in colour).hex()


PALETTE: tuple[Colour, ...] = tuple(
    from_hex(colour)
    for colour in (
        "#0066e6",
        "#b36600",
        "#801a80",
        "#4d9966",
        "#b3004d",
        "#1a99cc",
        "#334d00",
        "#0000e6",
    )
)
"""Colours of marks and lines on white.

Each has a contrast of at least 3:1 to white (WCAG 2.2, 1.4.11). They were found by maximising the
smallest CIEDE2000 difference between any two of them and between them and gray, for normal vision
and for deuteranopia and protanopia (DOI 10.1109/TVCG.2009.113).
"""

SHAPES = ("o", "s", "^", "D", "v", "P", "X", "p", "<", "h", ">", "d")
"""Of marks, one for each family of priors."""

LIGHTEST, DARKEST = 60.0, 26.0
"""CIELAB lightness of a family's first and last member; 61.6 has a contrast of 3:1 to white."""


@dataclass(frozen=True)
class Mark:
    """How a prior's points are drawn.

    Args:
        colour: red, green and blue from 0 to 1.
        shape: matplotlib's name of a marker.
    """

    colour: Colour = (0.45, 0.45, 0.45)
    shape: str = "o"


def prior_marks(catalogue: Catalogue) -> dict[str, Mark]:
    """Return a mark for each prior: a hue for each family, a lightness and a shape for each member.

    The members of a family become darker in the order of the catalogue, and each has another shape
    than all others of its hue, as long as there are shapes. So no mark depends on its colour alone,
    and where there are more families than hues, those that share one differ in shape. Baselines are
    gray. The marks depend on the catalogue only: they are the same in all figures of an experiment.
    """
    marks = {prior: Mark() for prior in catalogue.baselines}
    others = [prior for prior in catalogue.priors if prior not in catalogue.baselines]
    families = _by_family(others)
    taken: Counter[int] = Counter()
    for number, members in enumerate(families.values()):
        hue = number % len(PALETTE)
        for prior, colour in zip(members, shades(PALETTE[hue], len(members)), strict=True):
            # Neighbouring hues begin with different shapes.
            marks[prior] = Mark(colour, SHAPES[(hue + taken[hue]) % len(SHAPES)])
            taken[hue] += 1
    return marks


def _by_family(priors: Iterable[str]) -> dict[str, list[str]]:
    families: dict[str, list[str]] = {}
    for prior in priors:
        families.setdefault(family(prior), []).append(prior)
    return families


def shades(colour: Colour, count: int) -> list[Colour]:
    """Return ``count`` shades of a colour, evenly spaced in lightness from light to dark.

    One shade is the colour itself. Its linear light is scaled to the luminance
    Y = ((L* + 16) / 116)³; where a channel would leave sRGB, the rest is mixed in as white.
    """
    if count == 1:
        return [colour]
    linear = linear_rgb(colour)
    found = []
    for lightness in np.linspace(LIGHTEST, DARKEST, count):
        wanted = ((lightness + 16) / 116) ** 3
        factor = min(wanted / luminance(colour), 1 / linear.max())
        white = (wanted - factor * luminance(colour)) / (1 - factor * luminance(colour))
        shade = (factor * linear + white * (1 - factor * linear)).clip(0, 1)
        encoded = np.where(shade <= 0.0031308, 12.92 * shade, 1.055 * shade ** (1 / 2.4) - 0.055)
        found.append((float(encoded[0]), float(encoded[1]), float(encoded[2])))
    return found


def linear_rgb(colour: Colour) -> NDArray[np.float64]:
    """Return an sRGB colour in linear light (IEC 61966-2-1)."""
    encoded = np.array(colour)
    return np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)


def luminance(colour: Colour) -> float:
    """Return the relative luminance of an sRGB colour, 1 for white."""
    return float(linear_rgb(colour) @ [0.2126, 0.7152, 0.0722])


def contrast_to_white(colour: Colour) -> float:
    """Return the contrast ratio of an sRGB colour to white, from 1 to 21 (WCAG 2.2)."""
    return 1.05 / (luminance(colour) + 0.05)
