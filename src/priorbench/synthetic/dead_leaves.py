"""Images of dead leaves: opaque discs and polygons of every size that occlude each other. Heavy."""

from __future__ import annotations

import math

import numpy as np
from scipy.ndimage import gaussian_filter

from priorbench.errors import unknown
from priorbench.synthetic import sources
from priorbench.synthetic.leaves import BARE, Leaves, cover, draw_leaves, generator_of
from priorbench.synthetic.paint import Paint
from priorbench.synthetic.sources import DeadLeavesParameters

BAND = 32
"""Rows of pixels rendered at once: their samples fit into the processor's cache."""


def load_dead_leaves(parameters: DeadLeavesParameters, image: str) -> np.ndarray:
    """Return an image by its name; see :func:`dead_leaves`.

    Raises:
        ValueError: no image has this name, or see :func:`dead_leaves`.
    """
    known = sources.images(parameters)
    if image not in known:
        raise ValueError(unknown("image", image, known))
    return dead_leaves(parameters, int(image))


def dead_leaves(parameters: DeadLeavesParameters, number: int) -> np.ndarray:
    """Return an image of the dead leaves model with radii of density ∝ r^−α on [r_min, r_max].

    The leaves fall from the nearest to the farthest, each behind those before, until no sample is
    bare. That draws from the stationary law exactly (Kendall & Thönnes, Pattern Recognition 1999).
    α = 3 is invariant to scale between r_min and r_max, as photographs are (Lee, Mumford & Huang
    2001, doi:10.1023/A:1011109015675). Colours of photographs follow Achddou, Gousseau & Ladjal
    2021, doi:10.1007/978-3-030-75549-2_27, polygons and textures Achddou et al. 2025,
    doi:10.48550/arXiv.2504.10201.

    Args:
        parameters: see :class:`.DeadLeavesParameters`. Colours, textures and samples change no
            leaf.
        number: which image; as many as you like, whatever ``count`` says.

    Returns:
        float32 on [0, 1], H × W, or H × W × 3 with ``colour``.

    Raises:
        ValueError: the leaves are too small and too many, or scikit-image lacks a photograph whose
            colours are wanted.
    """
    # The blur reaches over the border, where the leaves go on.
    margin = math.ceil(4 * parameters.blur)
    height, width = parameters.height + 2 * margin, parameters.width + 2 * margin
    scene, paint = (
        Scene(parameters, height, width, number),
        Paint(parameters, max(height, width), number),
    )
    bands = [(top, min(top + BAND, height)) for top in range(0, height, BAND)]
    image = np.concatenate(
        [paint.render(scene.labels(*band), scene.batches, band[0]) for band in bands]
    )
    if margin:
        image = gaussian_filter(image, parameters.blur, axes=(0, 1))
        image = image[margin:-margin, margin:-margin]
    image = image.clip(0, 1)
    return image if parameters.colour else image[:, :, 0]


class Scene:
    """The leaves of an image, drawn as they are needed.

    Args:
        parameters: the law of the leaves.
        height: pixels, with margin.
        width: pixels, with margin.
        number: which image.
    """

    def __init__(
        self, parameters: DeadLeavesParameters, height: int, width: int, number: int
    ) -> None:
        self.parameters, self.height, self.width, self.number = parameters, height, width, number
        self.batches: list[Leaves] = []

    def labels(self, top: int, bottom: int) -> np.ndarray:
        """Return the leaf in front at each sample of the pixel rows ``top`` to ``bottom``; int32.

        Leaves are numbered over all batches, so the same number means the same leaf in all rows.
        """
        samples = self.parameters.antialias
        labels = np.full(((bottom - top) * samples, self.width * samples), BARE, np.int32)
        batch, first = 0, 0
        while labels.max() == BARE:
            leaves = self.batch(batch)
            cover(labels, leaves, first, top * samples, samples)
            batch, first = batch + 1, first + len(leaves)
        return labels

    def batch(self, number: int) -> Leaves:
        """Return some leaves, those of a larger number behind those of a smaller one."""
        if number == len(self.batches):
            # So deep, one of sixteen samples a pixel stays bare in one of e² images; a second batch
            # completes those. That it does not depend on the samples keeps the leaves the same for
            # all numbers of them.
            depth = 2 + math.log(16 * self.height * self.width)
            generator = generator_of(self.parameters, self.number, "leaves", number)
            self.batches.append(
                draw_leaves(self.parameters, self.height, self.width, depth, generator)
            )
        return self.batches[number]
