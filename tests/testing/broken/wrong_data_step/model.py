"""Broken: its data step ignores the observation."""

from ..sound_task.model import Model as Sound
from ..sound_task.model import Pairs


class Other(Pairs):
    name = "test-wrong-data-step"

    def data_step(self, y, v, fidelity, penalty):
        return v.clone()


class Model(Sound):
    operator_class = Other
