"""Threads that take bands of rows through many operations each."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import torch

Band = TypeVar("Band")
Result = TypeVar("Result")

_pool: ThreadPoolExecutor | None = None


@contextlib.contextmanager
def workers(threads: int) -> Iterator[None]:
    """Let :func:`each` use so many threads, each of which calls torch with one.

    Torch's own threads meet after every operation, which on bands that fit the cache costs as much as the
    operations. Here a thread takes a band through all of them.
    """
    global _pool
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with _threads(threads) as _pool:
            yield
    finally:
        _pool = None
        torch.set_num_threads(before)


def _threads(count: int) -> contextlib.AbstractContextManager[ThreadPoolExecutor | None]:
    if count == 1:
        return contextlib.nullcontext()
    # Whether gradients are recorded is a matter of each thread.
    return ThreadPoolExecutor(count, initializer=torch.set_grad_enabled, initargs=(False,))


def each(work: Callable[[Band], Result], bands: Iterable[Band]) -> list[Result]:
    """Return ``work(band)`` of each band, in order: what is computed does not depend on the threads."""
    bands = list(bands)
    if _pool is None or len(bands) == 1:
        return [work(band) for band in bands]
    return list(_pool.map(work, bands))
