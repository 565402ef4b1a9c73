"""Broken: it shifts the image that it is given."""

from ..sound_denoiser.model import Model as Sound


class Model(Sound):
    def denoise(self, image, sigma):
        denoised = super().denoise(image, sigma)
        image += 0.001
        return denoised
