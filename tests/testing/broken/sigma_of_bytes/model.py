"""Broken: its range of σ is on 0 to 255."""

from ..sound_denoiser.model import Model as Sound


class Model(Sound):
    sigma_range = (0.0, 50.0)
