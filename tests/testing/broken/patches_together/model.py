"""Broken: an estimate depends on the other patches."""

from ..sound_patches.model import Model as Sound


class Model(Sound):
    def map_estimate(self, patches, noise_variance):
        estimates = super().map_estimate(patches, noise_variance)
        return estimates + 0.01 * noise_variance * patches.mean() / (noise_variance + 1e-6)
