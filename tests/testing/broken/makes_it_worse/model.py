"""Broken: what it restores is a mirror image."""

from priorbench.priors import Restoration

from ..sound_prior.model import Model as Sound


class Model(Sound):
    def restore(self, problem, context):
        image = super().restore(problem, context).image
        return Restoration(image.flip(-1))
