"""Answers to a name that nobody knows."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


def unknown(kind: str, name: object, valid: Iterable[str]) -> str:
    """Return the message for an unknown name: the nearest valid one, then all of them.

    Args:
        kind: what was named, for example ``"prior"``.
        name: the name as it was given.
        valid: the names that would be right.
    """
    names = sorted(valid)
    near = difflib.get_close_matches(str(name), names, n=1, cutoff=0.5)
    hint = f"; did you mean {near[0]!r}?" if near else "."
    return f"unknown {kind} {name!r}{hint} Valid: {', '.join(names) or 'none'}"
