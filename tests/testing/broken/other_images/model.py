"""Broken: an image is another one each time."""

import numpy as np

from ..sound_dataset.model import Model as sound


def Model(parameters, image):
    return 0.5 * sound(parameters, image) + 0.5 * np.random.default_rng().random()
