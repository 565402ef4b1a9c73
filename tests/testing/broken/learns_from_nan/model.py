"""Broken: it makes a model of NaN."""

from ..sound_learner.model import Model as Sound


class Model(Sound):
    def fit(self, images, context):
        yield from super().fit([image.nan_to_num(0.5) for image in images], context)
