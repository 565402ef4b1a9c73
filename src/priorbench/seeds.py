"""Seeds derived from names alone: each cell can be computed anywhere and in any order."""

from __future__ import annotations

import hashlib
import random
import sys
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["derive_seed", "seed_everything", "seeded"]

HASH_SEED = "0"
"""``PYTHONHASHSEED`` of processes that run a plugin's code, so that sets keep their order."""


def derive_seed(seed: int, *names: str) -> int:
    """Return a 63-bit seed from the experiment's seed and the names of what it is for.

    The names are joined with a character that no name may contain, so ``("ab", "c")`` and
    ``("a", "bc")`` give different seeds. SHA-256 is used because Python's ``hash`` of a string
    differs from process to process. Torch's generator on the CPU reads the low 32 bits: with a
    probability of 1 % two of 10 000 cells draw the same numbers.

    Args:
        seed: the experiment's seed.
        names: for example the data set, the image and the task.
    """
    text = "\x1f".join([str(seed), *names])
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> 1


def seed_everything(seed: int) -> None:
    """Seed every global generator that somebody else's code may draw from.

    These are the ones of ``random``, ``numpy.random`` and torch, on the CPU and on all GPUs. Torch
    is seeded if it has been imported: what runs without it, such as a metric, need not wait seconds
    for it. What can't be seeded, such as ``os.urandom`` or ``numpy.random.default_rng()`` without a
    seed, is found by ``priorbench plugins check``.

    Args:
        seed: at least 0 and below 2⁶³, as :func:`derive_seed` gives it.
    """
    import numpy as np

    random.seed(seed)
    # NumPy's global generator takes words of 32 bits.
    np.random.seed([seed & 0xFFFFFFFF, seed >> 32])  # noqa: NPY002  plugins draw from it
    torch = sys.modules.get("torch")
    if torch is not None:
        # torch.manual_seed would remember a call, with its stack, for each kind of device that is
        # not there: a millisecond, and memory that grows with every restoration.
        torch.default_generator.manual_seed(seed)
        if torch.cuda.is_available():
            torch.cuda.manual_seed_all(seed)


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Seed every global generator for a while, and give the caller's generators back their states.

    For functions that a user may call in the middle of a session of their own.

    Args:
        seed: see :func:`seed_everything`.
    """
    import numpy as np

    python, numpy = random.getstate(), np.random.get_state()  # noqa: NPY002
    torch = sys.modules.get("torch")
    cpu = torch.get_rng_state() if torch else None
    gpus = torch.cuda.get_rng_state_all() if torch and torch.cuda.is_initialized() else []
    seed_everything(seed)
    try:
        yield
    finally:
        random.setstate(python)
        np.random.set_state(numpy)  # noqa: NPY002
        if torch:
            torch.set_rng_state(cpu)
            torch.cuda.set_rng_state_all(gpus)
