"""Settings of the process that a plugin runs in, and that it must leave as they are."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch


@dataclass(frozen=True)
class Setting:
    """A setting of the process.

    Args:
        name: in words.
        get: returns its value.
        put: gives it a value.
    """

    name: str
    get: Callable[[], Any]
    put: Callable[[Any], object]


def _put_environment(values: dict[str, str]) -> None:
    os.environ.clear()
    os.environ.update(values)


def _put_errors(values: dict[str, Any]) -> None:
    np.seterr(**values)


SETTINGS = (
    Setting("the working folder", Path.cwd, os.chdir),
    Setting("torch's default type", torch.get_default_dtype, torch.set_default_dtype),
    Setting("torch's number of threads", torch.get_num_threads, torch.set_num_threads),
    Setting("whether torch records gradients", torch.is_grad_enabled, torch.set_grad_enabled),
    Setting(
        "torch's deterministic algorithms",
        torch.are_deterministic_algorithms_enabled,
        torch.use_deterministic_algorithms,
    ),
    Setting(
        "torch's precision of products",
        torch.get_float32_matmul_precision,
        torch.set_float32_matmul_precision,
    ),
    Setting("numpy's treatment of errors", np.geterr, _put_errors),
    # Last, since torch sets some when it puts back others.
    Setting("environment variables", lambda: dict(os.environ), _put_environment),
)


def settings() -> dict[str, Any]:
    """Return the settings of this process that code may change and must not, by name."""
    return {each.name: each.get() for each in SETTINGS}


def put_back(before: dict[str, Any]) -> None:
    """Give this process settings that it had before."""
    for each in SETTINGS:
        # Some import much where they put a value, even the one that is there.
        if each.get() != before[each.name]:
            each.put(before[each.name])
