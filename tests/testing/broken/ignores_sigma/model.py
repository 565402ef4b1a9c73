"""Broken: it ignores σ, and does not say so."""

from ..sound_denoiser.model import Model as Sound


class Model(Sound):
    def denoise(self, image, sigma):
        return super().denoise(image, 0.05)
