"""Broken: its constructor raises."""

from ..sound_prior.model import Model as Sound


class Model(Sound):
    def __init__(self):
        raise RuntimeError("no")
