"""Broken: its checkpoint lacks the state of the generator."""

import torch

from priorbench.priors import Restoration

from ..sound_prior.model import Model as Sound
from ..sound_prior.model import smoothed


class Model(Sound):
    def restore(self, problem, context):
        image = problem.estimate()
        state = context.checkpoint.load() or {"step": torch.tensor(0), "image": image}
        image = state["image"]
        for step in range(int(state["step"]), 4):
            drawn = torch.rand((), generator=context.generator)
            image = smoothed(image) + drawn / 1000
            kept = {"step": torch.tensor(step + 1), "image": image}
            context.checkpoint.save(lambda kept=kept: kept)
        return Restoration(image)
