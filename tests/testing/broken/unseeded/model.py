"""Broken: it draws from a generator without a seed."""

import numpy as np

from priorbench.priors import Restoration

from ..sound_prior.model import Model as Sound


class Model(Sound):
    def restore(self, problem, context):
        image = super().restore(problem, context).image
        shift = np.random.default_rng().random() / 1000
        return Restoration(image + shift)
