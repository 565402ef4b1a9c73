"""Errors that more than one part of the library knows. Light."""

from __future__ import annotations

import errno


class NotApplicable(ValueError):
    """What was asked is not defined here: a limit of a kind of prior or of a metric, not a failure."""


class Diverged(ArithmeticError):
    """The method's numbers went out of range."""


class MachineError(RuntimeError):
    """The machine failed, not the method: the job fails and is tried again."""


class StorageError(MachineError):
    """A disk is full or a file is damaged: never a result, the job fails until that is mended."""


_STORAGE = {errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EROFS, errno.ESTALE}


def raise_if_storage(error: BaseException) -> None:
    """Raise :class:`StorageError` for an error that says nothing about a method: of a disk, or one already.

    Raises:
        StorageError: it is one.
    """
    if isinstance(error, StorageError):
        raise error
    if isinstance(error, OSError) and error.errno in _STORAGE:
        raise StorageError(f"{error}: nothing was recorded; correct it and run again") from error
