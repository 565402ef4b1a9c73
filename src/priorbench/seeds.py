"""Seeds that depend on names only, so that one cell can be computed alone, anywhere, in any order."""

from __future__ import annotations

import hashlib


def derive_seed(seed: int, *names: str) -> int:
    """Return a 63-bit seed from the experiment's seed and the names of what it is for.

    The names are joined with a character that no name may contain, so ``("ab", "c")`` and
    ``("a", "bc")`` give different seeds. SHA-256 is used because Python's ``hash`` of a string
    differs from process to process.

    Args:
        seed: the experiment's seed.
        names: for example the data set, the image and the task.
    """
    text = "\x1f".join([str(seed), *names])
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> 1
