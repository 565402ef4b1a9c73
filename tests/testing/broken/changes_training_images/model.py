"""Broken: it changes its training images."""

from ..sound_learner.model import Model as Sound


class Model(Sound):
    def fit(self, images, context):
        images[0].mul_(0.5)
        yield from super().fit(images, context)
