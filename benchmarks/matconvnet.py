"""The convolutions of MatConvNet's networks, in torch's layout."""

from __future__ import annotations

import os
from pathlib import Path

import h5py
import numpy as np
import torch
from torch import Tensor


def convolutions(name: str) -> list[tuple[Tensor, Tensor]]:
    """Return weights (out, in, 3, 3) and biases of each layer of
    $PRIORBENCH_DATA/networks/``name``.mat.
    """
    layers = []
    with h5py.File(Path(os.environ["PRIORBENCH_DATA"], "networks", f"{name}.mat")) as file:
        for reference in file["net/layers"][:].ravel():
            layer = file[reference]
            if "weights" not in layer or layer["weights"].dtype != h5py.ref_dtype:
                continue
            weights, biases = (
                torch.from_numpy(np.array(file[part])).float()
                for part in layer["weights"][:].ravel()[:2]
            )
            # HDF5 has MATLAB's axes in reverse: out, in, column, row; out is missing if it is 1.
            shape = (-1, *weights.shape[-3:])
            layers.append((weights.reshape(shape).mT.contiguous(), biases.flatten()))
    return layers
