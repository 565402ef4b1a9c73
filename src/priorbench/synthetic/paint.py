"""Colours, gradients and textures of leaves. Heavy."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from priorbench.data import embedded
from priorbench.data.images import read_image
from priorbench.data.transform import to_gray
from priorbench.synthetic.leaves import Leaves, generator_of
from priorbench.synthetic.sources import DeadLeavesParameters
from priorbench.synthetic.textures import power_law_texture

PHOTOGRAPHS = {
    False: ("motorcycle", "coins", "brick", "grass", "gravel"),
    True: ("motorcycle", "ihc", "retina"),
}
"""Images whose colours gray and colour images have; the default experiment tests on none."""

TEXTURES = 8
"""How many textures an image has; each leaf is cut out of one of them."""

LARGEST_TEXTURE = 512
"""Pixels; in a wider leaf the texture repeats."""


class Coat(NamedTuple):
    """What N leaves look like.

    Args:
        colour: C × N.
        plane: brightness at the image's corner and its slopes along x and y, 3 × N.
        amplitude: standard deviation of the texture, N.
        cut: which texture, its first row and its first column, 3 × N.
    """

    colour: np.ndarray
    plane: np.ndarray
    amplitude: np.ndarray
    cut: np.ndarray


class Paint:
    """What the leaves of an image look like.

    Args:
        parameters: colours, gradient and texture.
        side: the longer side of the image in pixels.
        number: which image.
    """

    def __init__(self, parameters: DeadLeavesParameters, side: int, number: int) -> None:
        self.parameters, self.number = parameters, number
        self.coats: list[Coat] = []
        generator = generator_of(parameters, number, "paint")
        self.palette = None
        if parameters.colours == "natural":
            photographs = PHOTOGRAPHS[parameters.colour]
            photograph = read_image(
                embedded.file_of(photographs[generator.integers(len(photographs))])
            )
            self.palette = (
                photograph if parameters.colour else to_gray(photograph)[:, :, None]
            ).reshape(-1, 3 if parameters.colour else 1)
        if parameters.texture:
            size = min(LARGEST_TEXTURE, 1 << max(1, math.ceil(math.log2(side))))
            exponents = generator.uniform(0.5, 2.5, TEXTURES)
            self.textures = np.stack(
                [power_law_texture(size, exponent, generator) for exponent in exponents]
            )

    def render(self, labels: np.ndarray, batches: Sequence[Leaves], top: int) -> np.ndarray:
        """Return rows of pixels, each the mean of its samples; h × W × C, float32, unclipped.

        Args:
            labels: which leaf each sample shows.
            batches: all leaves.
            top: the row of pixels that ``labels`` begins with.
        """
        for number in range(len(self.coats), len(batches)):
            self.coats.append(self._coat(batches[number], number))
        coat = Coat(*(np.concatenate(parts, axis=-1) for parts in zip(*self.coats, strict=True)))
        samples = self.parameters.antialias
        row, column = (np.arange(size, dtype=np.int32) for size in labels.shape)
        row = row[:, None] + top * samples
        shade = np.zeros(labels.shape, np.float32)
        if self.parameters.gradient:
            x, y = ((place + np.float32(0.5)) / np.float32(samples) for place in (column, row))
            shade += coat.plane[0][labels] + coat.plane[1][labels] * x + coat.plane[2][labels] * y
        if self.parameters.texture:
            # The textures are periodic, with a power of two as period.
            last = self.textures.shape[1] - 1
            kind, first_row, first_column = (cut[labels] for cut in coat.cut)
            place = (first_row + row // samples) & last, (first_column + column // samples) & last
            shade += coat.amplitude[labels] * self.textures[kind, *place]
        return np.stack(
            [_pixels(colour[labels] + shade, samples) for colour in coat.colour], axis=-1
        )

    def _coat(self, leaves: Leaves, batch: int) -> Coat:
        """Draw each property of a batch from its own numbers, so that one changes no other."""
        count, channels = len(leaves), 3 if self.parameters.colour else 1

        def generator(use: str) -> np.random.Generator:
            return generator_of(self.parameters, self.number, use, batch)

        if self.palette is None:
            colour = generator("colour").random((channels, count), dtype=np.float32)
        else:
            colour = self.palette[generator("colour").integers(len(self.palette), size=count)].T
        angle, strength = generator("gradient").random((2, count))
        # Along its direction, a leaf is two radii wide.
        slope = self.parameters.gradient * strength / (2 * leaves.radius)
        along_x, along_y = slope * np.cos(2 * math.pi * angle), slope * np.sin(2 * math.pi * angle)
        plane = np.stack([-along_x * leaves.x - along_y * leaves.y, along_x, along_y]).astype(
            np.float32
        )
        texture = generator("texture")
        amplitude = self.parameters.texture * texture.random(count, dtype=np.float32)
        cut = texture.integers(
            (TEXTURES, LARGEST_TEXTURE, LARGEST_TEXTURE), size=(count, 3), dtype=np.int32
        ).T
        return Coat(colour, plane, amplitude, cut)


def _pixels(samples: np.ndarray, count: int) -> np.ndarray:
    """Return the mean of each square of ``count`` × ``count`` samples."""
    total = np.zeros((samples.shape[0] // count, samples.shape[1] // count), np.float32)
    for row in range(count):
        for column in range(count):
            total += samples[row::count, column::count]
    return total / np.float32(count**2)
