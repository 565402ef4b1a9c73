"""Broken: it counts more parameters than its model has."""

from ..sound_learner.model import Model as Sound


class Model(Sound):
    def n_parameters(self):
        return 10
