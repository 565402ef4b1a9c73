"""Broken: it blurs where there is no noise."""

from ..sound_denoiser.model import Model as Sound


class Model(Sound):
    def denoise(self, image, sigma):
        return super().denoise(image, sigma + 0.2)
