"""Broken: its fit yields no row."""

from ..sound_learner.model import Model as Sound


class Model(Sound):
    def fit(self, images, context):
        list(super().fit(images, context))
        yield from ()
