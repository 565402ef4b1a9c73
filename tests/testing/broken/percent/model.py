"""Broken: its progress is in percent."""

from ..sound_prior.model import Model as Sound


class Model(Sound):
    def restore(self, problem, context):
        context.progress(50)
        return super().restore(problem, context)
