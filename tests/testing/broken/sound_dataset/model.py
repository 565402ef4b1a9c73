"""Sound: images of noise, each by its number."""

import numpy as np

from .plugin import images

SIDE = 24


def Model(parameters, image):
    if image not in images(parameters):
        raise ValueError(f"no image is called {image!r}")
    return pixels(int(image.removeprefix("noise-")))


def pixels(number):
    return np.random.default_rng(number).random((SIDE, SIDE), dtype=np.float32)
