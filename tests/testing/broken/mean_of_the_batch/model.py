"""Broken: it takes its mean from all images together."""

from ..sound_denoiser.model import Model as Sound


class Model(Sound):
    def denoise(self, image, sigma):
        mean = image.mean()
        return mean + (1 - sigma) * (super().denoise(image, sigma) - mean)
