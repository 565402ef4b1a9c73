"""Broken: it takes seconds, and does not look at its deadline."""

import time

from priorbench.priors import Restoration

from ..sound_prior.model import Model as Sound
from ..sound_prior.model import smoothed


class Model(Sound):
    def restore(self, problem, context):
        if max(problem.image_shape) > 100:
            began = time.process_time()
            while time.process_time() - began < 2.5:
                pass
        return Restoration(smoothed(problem.estimate()))
