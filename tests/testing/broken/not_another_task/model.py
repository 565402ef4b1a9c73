"""Broken: a task that it does not declare is an error that says nothing."""

from ..sound_prior.model import Model as Sound


class Model(Sound):
    def restore(self, problem, context):
        if problem.sigma == 0:
            raise ZeroDivisionError("division by zero")
        return super().restore(problem, context)
