"""Broken: it takes the noise for four times as strong."""

from ..sound_patches.model import Model as Sound


class Model(Sound):
    def map_estimate(self, patches, noise_variance):
        return super().map_estimate(patches, 4 * noise_variance)
