"""Broken: its adjoint is its operator."""

from ..sound_task.model import Model as Sound
from ..sound_task.model import Pairs


class Other(Pairs):
    name = "test-wrong-adjoint"

    def adjoint(self, y):
        return self.forward(y)


class Model(Sound):
    operator_class = Other
