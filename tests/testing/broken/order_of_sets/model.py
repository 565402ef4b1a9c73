"""Broken: it depends on the order of a set."""

from priorbench.priors import Restoration

from ..sound_prior.model import Model as Sound


class Model(Sound):
    def restore(self, problem, context):
        image = super().restore(problem, context).image
        words = "".join({"anisotropic", "bilinear", "cubic", "dual", "elastic", "fractal"})
        return Restoration(image + words.index("bilinear") / 1000)
