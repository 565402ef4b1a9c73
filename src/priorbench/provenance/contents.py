"""Checksums of files that a run takes in: images, masks, kernels, weights.

A file is read again when its size, its times or its inode have changed, as git does it. So a file
that is replaced by an older one (``cp -p``, ``rsync -a``, a restored backup) is noticed, and
thousands of images that are as they were cost a ``stat`` each.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable
from pathlib import Path

from priorbench.provenance.cache import Cache
from priorbench.store.files import file_sha256

CACHE = Cache("contents.json", maximum=200_000)
RECENT_NS = 2_000_000_000
"""A file that changed less than this long ago may change again without a change of its times."""


def content_digests(files: Iterable[Path]) -> dict[str, str]:
    """Return the SHA-256 of each file, by its path; ``"missing"`` for one that can't be read."""
    found = {str(file): _digest(file) for file in files}
    CACHE.save()
    return found


def _digest(file: Path) -> str:
    try:
        about = file.stat()
        key = str(file.resolve())
        version = [about.st_size, about.st_mtime_ns, about.st_ctime_ns, about.st_ino]
        known = CACHE.get(key)
        if known is not None and known[:-1] == version:
            return str(known[-1])
        digest = file_sha256(file)
    except OSError:
        return "missing"
    if not _is_recent(about):
        CACHE.put(key, [*version, digest])
    return digest


def _is_recent(about: os.stat_result) -> bool:
    return time.time_ns() - max(about.st_mtime_ns, about.st_ctime_ns) < RECENT_NS
