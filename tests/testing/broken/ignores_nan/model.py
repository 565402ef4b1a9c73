"""Broken: it leaves out pixels that are NaN."""

import numpy as np

from ..sound_metric.model import Model as sound


def Model(restored, clean):
    return sound(np.nan_to_num(restored), clean)
