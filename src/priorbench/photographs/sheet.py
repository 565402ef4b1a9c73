"""A contact sheet with a row for each photograph."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from matplotlib import get_data_path
from PIL import Image, ImageDraw, ImageFont

CELL = 360
"""The longest side of a picture on the sheet, in pixels."""

GAP, SIZE = 12, 14
"""Between pictures, and of letters, in pixels."""


@dataclass(frozen=True)
class Cell:
    """A picture with a line below it.

    Args:
        colour: H × W × C on [0, 1].
        caption: the line.
    """

    colour: np.ndarray
    caption: str


def contact_sheet(rows: Sequence[Sequence[Cell]]) -> np.ndarray:
    """Return all cells on white, H × W × 3 on [0, 1], each row at one scale."""
    pictures = [_scaled(row) for row in rows]
    # Pillow's own font has no σ and no ×.
    font = ImageFont.truetype(Path(get_data_path(), "fonts/ttf/DejaVuSans.ttf"), SIZE)
    widths = [
        max(row[column].width for row in pictures if column < len(row))
        for column in range(max(map(len, pictures)))
    ]
    heights = [max(picture.height for picture in row) + GAP + SIZE for row in pictures]
    size = sum(widths) + GAP * (len(widths) + 1), sum(heights) + GAP * (len(heights) + 1)
    sheet = Image.new("RGB", size, "white")
    draw = ImageDraw.Draw(sheet)
    top = GAP
    for row, cells, height in zip(pictures, rows, heights, strict=True):
        left = GAP
        for picture, cell, width in zip(row, cells, widths, strict=False):
            sheet.paste(picture, (left, top))
            place = (left, top + picture.height + GAP // 3)
            draw.text(place, _fitting(cell.caption, width, font), "black", font)
            left += width + GAP
        top += height + GAP
    return np.asarray(sheet, dtype=np.float32) / 255


def _scaled(row: Sequence[Cell]) -> list[Image.Image]:
    """Return the pictures of a row at the size of the largest, at most ``CELL`` pixels.

    A smaller one, as in super-resolution, is enlarged with its pixels visible.
    """
    height = max(cell.colour.shape[0] for cell in row)
    width = max(cell.colour.shape[1] for cell in row)
    scale = min(1.0, CELL / max(height, width))
    target = max(1, round(width * scale)), max(1, round(height * scale))
    pictures = []
    for cell in row:
        levels = np.rint(np.clip(cell.colour, 0, 1) * 255).astype(np.uint8)
        picture = Image.fromarray(levels[..., 0] if levels.shape[2] == 1 else levels).convert("RGB")
        smaller = picture.width < target[0] or picture.height < target[1]
        how = Image.Resampling.NEAREST if smaller else Image.Resampling.LANCZOS
        pictures.append(picture.resize(target, how))
    return pictures


def _fitting(text: str, width: int, font: ImageFont.FreeTypeFont) -> str:
    """Return a text cut to a width, with an ellipsis where something is left out."""
    if font.getlength(text) <= width:
        return text
    while text and font.getlength(f"{text}…") > width:
        text = text[:-1]
    return f"{text}…"
