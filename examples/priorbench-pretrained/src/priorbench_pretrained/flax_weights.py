"""Weights that flax saved, read with msgpack alone: no jax, no pickle."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

import msgpack
import numpy as np
import torch
from torch import Tensor

from .convolutions import Convolution

ARRAY = 1
"""The extension type by which flax marks an array: its shape, its type, its bytes."""
EPSILON = 1e-5
"""What the batch normalisation adds to a variance."""

Arrays: TypeAlias = Mapping[str, Any]
"""Arrays in mappings in mappings, as flax nests them."""


def read_arrays(content: bytes) -> Arrays:
    """Return the arrays of a file.

    Args:
        content: of the file.

    Raises:
        ValueError: it holds anything else than arrays in mappings.
    """
    arrays: Arrays = msgpack.unpackb(content, ext_hook=_array, raw=False)
    return arrays


def convolution(arrays: Arrays, name: str) -> Convolution:
    """Return a convolution without bias.

    Args:
        arrays: of the network.
        name: of the convolution.
    """
    return Convolution(_kernel(arrays["params"][name]), None)


def normalised(arrays: Arrays, name: str) -> Convolution:
    """Return a convolution and the batch normalisation behind it as one convolution.

    (Wx − m) s/√(v + ε) + b is a convolution with the weights sW/√(v + ε).

    Args:
        arrays: of the network.
        name: of the block.
    """
    block = arrays["params"][name]
    scale = _tensor(block["BatchNorm_0"]["scale"])
    shift = _tensor(block["BatchNorm_0"]["bias"])
    statistics = arrays["batch_stats"][name]["BatchNorm_0"]
    factor = scale / (_tensor(statistics["var"]) + EPSILON).sqrt()
    weight = _kernel(block["Conv_0"]) * factor[:, None, None, None]
    return Convolution(weight, shift - factor * _tensor(statistics["mean"]))


def _kernel(layer: Mapping[str, Any]) -> Tensor:
    """Return a kernel as torch has it: flax puts rows, columns, inputs, outputs in this order."""
    return _tensor(layer["kernel"]).permute(3, 2, 0, 1).contiguous()


def _tensor(array: np.ndarray) -> Tensor:
    return torch.from_numpy(array.copy())


def _array(kind: int, content: bytes) -> np.ndarray:
    if kind != ARRAY:
        raise ValueError(f"extension type {kind} is no array; flax marks arrays by {ARRAY}")
    shape, dtype, numbers = msgpack.unpackb(content, raw=False)
    return np.frombuffer(numbers, dtype=np.dtype(dtype)).reshape(shape)
