"""Broken: a large image is an error that says nothing."""

from ..sound_prior.model import Model as Sound


class Model(Sound):
    def restore(self, problem, context):
        if max(problem.image_shape) > 100:
            raise IndexError("list index out of range")
        return super().restore(problem, context)
