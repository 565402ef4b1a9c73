"""Broken: its summary is empty."""

from ..sound_prior.model import Model as Sound


class Model(Sound):
    pass
