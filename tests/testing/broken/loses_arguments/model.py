"""Broken: a loaded operator has the default weight."""

from ..sound_task.model import Model as Sound
from ..sound_task.model import Pairs


class Other(Pairs):
    name = "test-loses-arguments"

    def arguments(self):
        return {"image_shape": self.image_shape}


class Model(Sound):
    operator_class = Other
