"""Broken: it ends the process."""

import os

from ..sound_prior.model import Model as Sound


class Model(Sound):
    def restore(self, problem, context):
        os._exit(3)
