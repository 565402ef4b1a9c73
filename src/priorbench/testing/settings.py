"""Settings of the process that a plugin runs in, and that it must leave as they are."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import torch


def settings() -> dict[str, Any]:
    """Return the settings of this process that code may change and must not."""
    return {
        "the working folder": Path.cwd(),
        "environment variables": dict(os.environ),
        "torch's default type": torch.get_default_dtype(),
        "torch's number of threads": torch.get_num_threads(),
        "whether torch records gradients": torch.is_grad_enabled(),
        "torch's deterministic algorithms": torch.are_deterministic_algorithms_enabled(),
        "torch's precision of products": torch.get_float32_matmul_precision(),
        "numpy's treatment of errors": np.geterr(),
    }


def put_back(before: dict[str, Any]) -> None:
    """Give this process settings that it had before."""
    os.chdir(before["the working folder"])
    os.environ.clear()
    os.environ.update(before["environment variables"])
    torch.set_default_dtype(before["torch's default type"])
    torch.set_num_threads(before["torch's number of threads"])
    torch.set_grad_enabled(before["whether torch records gradients"])
    torch.use_deterministic_algorithms(before["torch's deterministic algorithms"])
    torch.set_float32_matmul_precision(before["torch's precision of products"])
    np.seterr(**before["numpy's treatment of errors"])
