"""Broken: its samples have too little contrast."""

from ..sound_patches.model import Model as Sound


class Model(Sound):
    def sample(self, count, generator):
        return 0.5 + 0.8 * (super().sample(count, generator) - 0.5)
