"""Sound: the mean absolute error."""

import numpy as np


def Model(restored, clean):
    if restored.shape != clean.shape:
        raise ValueError(f"shapes differ: {restored.shape} and {clean.shape}")
    return float(np.abs(restored - clean).mean())
