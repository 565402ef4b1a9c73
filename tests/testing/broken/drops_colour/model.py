"""Broken: of colour it restores one channel."""

from priorbench.priors import Restoration

from ..sound_prior.model import Model as Sound


class Model(Sound):
    def restore(self, problem, context):
        return Restoration(super().restore(problem, context).image[:, :1])
