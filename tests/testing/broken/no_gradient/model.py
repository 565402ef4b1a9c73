"""Broken: decode gives no gradient."""

from ..sound_generator.model import Model as Sound


class Model(Sound):
    def decode(self, z):
        return super().decode(z.detach()) + 0 * z.sum()
