"""Broken: it seeds the global generator of torch."""

import torch

from ..sound_prior.model import Model as Sound


class Model(Sound):
    def restore(self, problem, context):
        torch.manual_seed(0)
        return super().restore(problem, context)
