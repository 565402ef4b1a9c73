"""Threads that take parts of the data through many operations each.

Torch's own threads meet after every operation, which on parts that fit the cache costs as much as
the operations. Here a thread takes a part through all of them, and what is computed does not depend
on how many threads there are.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import torch

__all__ = ["each", "in_threads", "workers"]

Part = TypeVar("Part")
Result = TypeVar("Result")

_pool: ThreadPoolExecutor | None = None


@contextlib.contextmanager
def workers(threads: int) -> Iterator[None]:
    """Let :func:`each` use this many threads, each of which calls torch with one thread."""
    global _pool
    before, outer = torch.get_num_threads(), _pool
    torch.set_num_threads(1)
    try:
        with _threads(threads) as _pool:
            yield
    finally:
        # Calls of `workers` may be nested.
        _pool = outer
        torch.set_num_threads(before)


def _threads(count: int) -> contextlib.AbstractContextManager[ThreadPoolExecutor | None]:
    if count == 1:
        return contextlib.nullcontext()
    # Whether gradients are recorded is a matter of each thread.
    return ThreadPoolExecutor(count, initializer=torch.set_grad_enabled, initargs=(False,))


def each(work: Callable[[Part], Result], parts: Iterable[Part]) -> list[Result]:
    """Return ``work(part)`` of each part, in order; no gradients are recorded."""
    parts = list(parts)
    if _pool is None or len(parts) == 1:
        with torch.no_grad():
            return [work(part) for part in parts]
    return list(_pool.map(work, parts))


def in_threads(work: Callable[[Part], Result], parts: Iterable[Part]) -> list[Result]:
    """Return ``work(part)`` of each part, in order, with as many threads as torch may use."""
    with workers(torch.get_num_threads()):
        return each(work, parts)
