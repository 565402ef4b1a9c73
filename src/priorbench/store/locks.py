"""One process at a time on a piece of work, on any node of a shared file system.

A job that was sent twice (its Snakemake was killed and started again, or two run in one folder)
waits for the first one and then finds the work done. The lock ends with its process, however that
ends; nothing has to be cleaned up.
"""

from __future__ import annotations

import errno
import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

BUSY = (errno.EACCES, errno.EAGAIN)
UNAVAILABLE = (errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP, errno.EINVAL)
"""Answers of a file system that knows no locks: the work goes on without, as every file is written
atomically.
"""


@contextmanager
def locked(path: Path, waiting: Callable[[], None] = lambda: None) -> Iterator[None]:
    """Hold the lock that ``path`` stands for.

    Args:
        path: the lock's file, made if it is missing; it stays.
        waiting: called once if another process holds the lock.

    Raises:
        OSError: the file can't be made.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    # POSIX locks, unlike those of flock(2), hold between the nodes of a network file system.
    with path.open("a") as file:
        try:
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno in BUSY:
                waiting()
                fcntl.lockf(file, fcntl.LOCK_EX)
            elif error.errno not in UNAVAILABLE:
                raise
        yield


def held(path: Path) -> bool:
    """Whether another process holds the lock; False where the file system knows no locks.

    Not for the process that holds it: closing the file here would end its own lock.
    """
    try:
        handle = os.open(path, os.O_RDWR)
    except OSError:  # There is none, or it is another account's.
        return False
    try:
        os.lockf(handle, os.F_TEST, 0)
    except OSError as error:
        return error.errno in BUSY
    finally:
        os.close(handle)
    return False
