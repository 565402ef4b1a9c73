"""Where a job computes. In the worker's process only."""

from __future__ import annotations

import torch


def available_device(gpus: int) -> torch.device:
    """Return the GPU if the job asks for one and there is one, else the CPU."""
    return torch.device("cuda" if gpus and torch.cuda.is_available() else "cpu")
