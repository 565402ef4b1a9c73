"""Errors that more than one part of the library knows, and what their messages share."""

from __future__ import annotations

import difflib
import errno
from collections.abc import Iterable, Sequence


class NotApplicable(ValueError):
    """What was asked is not defined here: a limit of a prior or of a metric, not a failure."""


class Diverged(ArithmeticError):
    """The method's numbers went out of range."""


class MachineError(RuntimeError):
    """The machine failed, not the method: the job fails and is tried again."""


class StorageError(MachineError):
    """A disk is full or a file is damaged: never a result, the job fails until that is repaired."""


_STORAGE = {errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EROFS, errno.ESTALE}


def raise_if_storage(error: BaseException) -> None:
    """Raise :class:`StorageError` for an error that says nothing about a method: of a disk, or one
    already.

    Raises:
        StorageError: it is one.
    """
    if isinstance(error, StorageError):
        raise error
    if isinstance(error, OSError) and error.errno in _STORAGE:
        raise StorageError(f"{error}: nothing was recorded; correct it and run again") from error


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
    """Return ``a, b, c``, and of more than ``most`` names how many are left out; escape what can't
    be printed.
    """
    shown = ", ".join(
        name if name.isprintable() else ascii(name) for name in map(str, names[:most])
    )
    rest = f" and {len(names) - most} more" if len(names) > most else ""
    return f"{shown}{rest}"
