"""Broken: it takes over whatever a model holds."""

import torch

from ..sound_learner.model import Model as Sound


class Model(Sound):
    def load_state_dict(self, state):
        self.width = state.get("width", torch.ones(1))
