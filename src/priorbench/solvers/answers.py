"""Checks of what a prior, which may be a plugin's, returns to a solver."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor


def checked(answer: Any, asked: Tensor, method: str) -> Tensor:
    """Return what a prior's method gave, if it is a tensor of the shape of what was asked about.

    Args:
        answer: what it gave.
        asked: the tensor that it was given.
        method: how it is called, for messages, for example ``"Median.denoise"``.

    Raises:
        TypeError: it is no tensor.
        ValueError: its shape differs.
    """
    if not isinstance(answer, Tensor):
        raise TypeError(
            f"{method} returned {_named(answer)}; "
            f"it must return a torch.Tensor {tuple(asked.shape)}"
        )
    if answer.shape != asked.shape:
        raise ValueError(
            f"{method} returned a tensor {tuple(answer.shape)} for one of {tuple(asked.shape)}; "
            "the shapes must be equal"
        )
    if not answer.is_floating_point():
        raise TypeError(f"{method} returned a tensor of {answer.dtype}; it must be {torch.float32}")
    return answer


def _named(value: Any) -> str:
    """Return what a value is, for messages."""
    return "None" if value is None else f"an object of type {type(value).__qualname__}"
