"""Broken: of several images it denoises the first alone."""

from ..sound_denoiser.model import Model as Sound


class Model(Sound):
    def denoise(self, image, sigma):
        return super().denoise(image[:1], sigma)
