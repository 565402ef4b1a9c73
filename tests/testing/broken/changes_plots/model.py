"""Broken: other figures have its size of text."""

import matplotlib as mpl

from ..sound_study.model import Model as sound


def Model(experiment):
    mpl.rcParams["font.size"] = 20
    return sound(experiment)
