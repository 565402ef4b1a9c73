"""Broken: its model lacks a number that it restores with."""

from ..sound_learner.model import Model as Sound


class Model(Sound):
    gain = 1.0

    def fit(self, images, context):
        yield from super().fit(images, context)
        self.gain = 0.9

    def denoise(self, image, sigma):
        return super().denoise(image, self.gain * sigma)
