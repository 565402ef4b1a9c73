"""Where a job computes. In the worker's process only."""

from __future__ import annotations

import fcntl
import os
import tempfile
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import IO
from urllib.parse import quote

import torch
import torch.nn.functional as F

_held: dict[int, IO[bytes]] = {}
"""The place that this process has, with its lock, for as long as it lives."""


def available_device(gpus: int) -> torch.device:
    """Return a GPU that no other job on this machine has, if the job asks for one and there is one,
    else the CPU.
    """
    if not gpus or not torch.cuda.is_available():
        return torch.device("cpu")
    visible = os.environ.get("CUDA_VISIBLE_DEVICES", "").split(",")
    count = torch.cuda.device_count()
    names = (
        visible
        if len(visible) == count and all(visible)
        else [str(number) for number in range(count)]
    )
    return torch.device("cuda", free_slot(names))


def free_slot(names: Sequence[str], folder: Path | None = None) -> int:
    """Take one of the GPUs for this process, and return its place in the list.

    Snakemake counts GPUs but hands out no numbers: without this all jobs of one machine would share
    the first. SLURM hands them out itself, so that each job sees its own only.

    Args:
        names: what the GPUs are called on this machine.
        folder: where the locks lie; by default the machine's folder of temporary files.

    Returns:
        the first one that is free; if all are taken, as when Snakemake's limit is higher than their
        number, one that is shared.
    """
    for place in _held:
        return place
    folder = folder or Path(tempfile.gettempdir(), f"priorbench-gpus-{os.getuid()}")
    folder.mkdir(mode=0o700, exist_ok=True)
    for place, name in enumerate(names):
        # A part of a GPU is called MIG-GPU-…/1/0: a name is never a path as it is.
        file = (folder / f"{quote(name, safe='')}.lock").open("ab")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            file.close()
            continue
        _held[place] = file
        return place
    return os.getpid() % len(names)


@cache
def warm_up(device: torch.device) -> None:
    """Let torch set up, once in a process, what the first image would be charged with otherwise.

    That is its threads, and on first use the libraries behind products, convolutions with their
    gradients, Fourier transforms and decompositions.
    """
    x = torch.linspace(0, 1, 64 * 64, device=device).reshape(1, 1, 64, 64)
    kernel = torch.ones(1, 1, 3, 3, device=device, requires_grad=True)
    with torch.enable_grad():
        torch.autograd.grad(F.conv2d(x, kernel).square().sum(), kernel)
    torch.fft.irfft2(torch.fft.rfft2(x))
    plane = x[0, 0].double()
    torch.linalg.eigh(plane @ plane.mT)
