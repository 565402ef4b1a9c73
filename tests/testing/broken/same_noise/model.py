"""Broken: all images have the same noise."""

from ..sound_task.model import Model as Sound


class Model(Sound):
    def noise(self, seen, generator):
        return super().noise(seen, generator.manual_seed(0))
