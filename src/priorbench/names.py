"""Names in messages: answers to one that nobody knows, and many in brief."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence


def unknown(kind: str, name: object, valid: Iterable[str]) -> str:
    """Return the message for an unknown name: the nearest valid ones, then all of them.

    Those that go on where the name ends are nearest: ``gmm-K50`` is a variant of ``gmm``.

    Args:
        kind: what was named, for example ``"prior"``.
        name: the name as it was given.
        valid: the names that would be right.
    """
    names = sorted(valid)
    variants = [valid for valid in names if valid.startswith(f"{name}-")][:5]
    near = variants or difflib.get_close_matches(str(name), names, n=1, cutoff=0.5)
    meant = repr(near[0]) if len(near) == 1 else f"one of {', '.join(near)}"
    hint = f"; did you mean {meant}?" if near else "."
    return f"unknown {kind} {name!r}{hint} Valid: {', '.join(names) or 'none'}"


def in_brief(names: Sequence[str], most: int = 5) -> str:
    """Return ``a, b, c``, and of more than ``most`` names how many are left out; escape what can't be printed."""
    shown = ", ".join(
        name if name.isprintable() else ascii(name) for name in map(str, names[:most])
    )
    rest = f" and {len(names) - most} more" if len(names) > most else ""
    return f"{shown}{rest}"
