"""Broken: a tiny image is an error that says nothing."""

from ..sound_prior.model import Model as Sound


class Model(Sound):
    def restore(self, problem, context):
        if min(problem.image_shape[1:]) < 4:
            raise IndexError("list index out of range")
        return super().restore(problem, context)
