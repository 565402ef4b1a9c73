"""Masks drawn from a seed: text, scratches, holes. True where a pixel is known."""

from __future__ import annotations

import math

import numpy as np
import torch
from PIL import Image, ImageDraw, ImageFont

from priorbench.types import Known

SENTENCE = (
    "an image prior says what makes natural pictures likely and noise rare so that "
    "corrupted pixels can be guessed from those that are left while edges stay sharp "
    "and textures keep their grain"
)


def numpy_generator(generator: torch.Generator) -> np.random.Generator:
    """Return a NumPy generator seeded by the next number of a torch generator."""
    return np.random.default_rng(int(torch.randint(2**62, (1,), generator=generator)))


def text(height: int, width: int, generator: np.random.Generator) -> Known:
    """Return a mask of lines of text, every other line left free.

    The letters are a sixteenth of the shorter side high, at least 8 pixels.
    """
    size = max(8, min(height, width) // 16)
    font = ImageFont.load_default(size)
    words = SENTENCE.split()
    picture, draw = _canvas(height, width)
    for top in range(size // 2, height, 2 * size):
        line = ""
        # Words are added until the line leaves the image.
        while draw.textlength(line, font) < width:
            line += f"{generator.choice(words)} "
        draw.text((int(generator.integers(-size, 1)), top), line, fill=255, font=font)
    return _known(picture, height, width)


def scratches(height: int, width: int, generator: np.random.Generator) -> Known:
    """Return a mask of twelve slightly bent scratches.

    They are a hundredth of the shorter side wide, at least 2 pixels.

    An image of fewer than 48 pixels a side gets fewer, a quarter of its side, so that most of it
    stays known.
    """
    side = min(height, width)
    picture, draw = _canvas(height, width)
    stroke = max(2, round(side / 100))
    for _ in range(min(12, max(1, side // 4))):
        angle, bend = generator.uniform(0, math.pi), generator.uniform(-0.5, 0.5)
        point = np.array([generator.uniform(0, width), generator.uniform(0, height)])
        step = generator.uniform(0.4, 1.2) * side / 16
        points = []
        # Sixteen steps, each turned a little further than the one before.
        for index in range(17):
            points.append(tuple(point))
            direction = angle + bend * (index / 16)
            point = point + step * np.array([math.cos(direction), math.sin(direction)])
        draw.line(points, fill=255, width=stroke, joint="curve")
    return _known(picture, height, width)


def blocks(height: int, width: int, generator: np.random.Generator) -> Known:
    """Return a mask of six square holes, a ninth of the shorter side wide; they may overlap."""
    side = max(1, min(height, width) // 9)
    known = torch.ones(height, width, dtype=torch.bool)
    for _ in range(6):
        top, left = (
            generator.integers(0, height - side + 1),
            generator.integers(0, width - side + 1),
        )
        known[top : top + side, left : left + side] = False
    return known


def _canvas(height: int, width: int) -> tuple[Image.Image, ImageDraw.ImageDraw]:
    picture = Image.new("L", (width, height))
    return picture, ImageDraw.Draw(picture)


def _known(picture: Image.Image, height: int, width: int) -> Known:
    """Return where nothing is drawn. Smoothed edges count as drawn: a picture would mix them."""
    return torch.from_numpy(np.array(picture) == 0).reshape(height, width)
