"""Broken: it smooths where there is no noise."""

from ..sound_patches.model import Model as Sound


class Model(Sound):
    def map_estimate(self, patches, noise_variance):
        return super().map_estimate(patches, noise_variance + 0.01)
