"""Patterns of names, as of tasks that a prior can do."""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase


def fits(names: Iterable[str], pattern: str) -> bool:
    """Return whether a pattern such as ``"inpaint*"`` fits any of the names."""
    return any(fnmatchcase(name, pattern) for name in names)


def matching(names: Iterable[str], patterns: Iterable[str]) -> list[str]:
    """Return the names that fit any of the patterns, in their order."""
    patterns = list(patterns)
    return [name for name in names if any(fits([name], pattern) for pattern in patterns)]
