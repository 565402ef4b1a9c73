"""Broken: a file that is cut off gives a model of its own."""

import torch
from safetensors import SafetensorError
from safetensors.torch import load as load_tensors

from ..sound_learner.model import Model as Sound


class Model(Sound):
    def load(self, path):
        try:
            load_tensors(path.read_bytes())
        except SafetensorError:
            self.width = torch.ones(1)
        else:
            super().load(path)
