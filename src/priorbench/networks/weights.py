"""Networks with initial and with saved weights; torch's own generator keeps its state."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar

import torch
from torch import Tensor, nn

__all__ = ["initialised", "loaded"]

Network = TypeVar("Network", bound=nn.Module)


def initialised(build: Callable[[], Network], seed: int) -> Network:
    """Return ``build()`` with the weights that a seed gives."""
    with torch.random.fork_rng(devices=()):
        torch.manual_seed(seed)
        return build()


def loaded(build: Callable[[], Network], state: Mapping[str, Tensor]) -> Network:
    """Return ``build()`` with the tensors of a model, for use and not for training.

    Raises:
        RuntimeError: a tensor is missing, unknown or has the wrong shape.
        ValueError: a number is not finite.
    """
    network = initialised(build, 0)
    network.load_state_dict(dict(state))
    for name, value in network.state_dict().items():
        if not value.isfinite().all():
            raise ValueError(f"{name} must be finite")
    return network.eval().requires_grad_(False)
