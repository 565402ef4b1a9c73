"""Fingerprints: a result is computed again exactly when something that it depends on has changed.

Python files are compared by what they do, see :mod:`priorbench.meaning`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path
from typing import Any

from priorbench.meaning import meaning_digest, remember

PACKAGE = Path(__file__).parent
NUMERICAL = (
    "types.py",
    "problem.py",
    "priors.py",
    "patches.py",
    "tiles.py",
    "threads.py",
    "operators",
    "solvers",
    "networks",
)
IGNORED_SUFFIXES = {".md", ".rst", ".pyc"}


def fingerprint(value: Any) -> str:
    """Return 16 hexadecimal digits of the SHA-256 of a JSON value, independent of the order of keys."""
    return hashlib.sha256(json.dumps(value, sort_keys=True, default=str).encode()).hexdigest()[:16]


def factory_name(factory: str | Callable[..., Any]) -> str:
    """Return a name for a record's factory that is the same in every process."""
    if isinstance(factory, str):
        return factory
    kind = factory if hasattr(factory, "__qualname__") else type(factory)
    return f"{kind.__module__}:{kind.__qualname__}"


@cache
def library_fingerprint() -> str:
    """Return the fingerprint of the numerical part of this library."""
    return files_fingerprint(PACKAGE / name for name in NUMERICAL)


def files_fingerprint(paths: Iterable[Path], leave_out: str = "") -> str:
    """Return the fingerprint of files and, through folders, of all files in them.

    Names count relative to the path given, so moving a folder changes nothing.

    Args:
        paths: files and folders.
        leave_out: name of a folder directly in one of these folders that doesn't count.
    """
    digests: dict[str, str] = {}
    for path in paths:
        files = (
            [path]
            if path.is_file()
            else sorted(p for p in path.rglob("*") if _counts(p, path, leave_out))
        )
        for file in files:
            name = f"{path.name}/{file.relative_to(path)}" if path.is_dir() else path.name
            digests[name] = meaning_digest(file)
    remember()
    return fingerprint(digests)


def _counts(path: Path, folder: Path, leave_out: str) -> bool:
    parts = path.relative_to(folder).parts
    hidden = parts[0] == leave_out or any(
        part.startswith(".") or part == "__pycache__" for part in parts
    )
    return path.is_file() and not hidden and path.suffix not in IGNORED_SUFFIXES
