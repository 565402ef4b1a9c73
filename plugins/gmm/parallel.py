"""Work on chunks in several threads, each of which calls torch with one."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import torch

Chunk = TypeVar("Chunk")
Result = TypeVar("Result")


def in_threads(work: Callable[[Chunk], Result], chunks: Iterable[Chunk]) -> list[Result]:
    """Return ``work(chunk)`` of each chunk, in order, computed in as many threads as torch may use.

    Torch's own threads meet after every operation, which on blocks that fit the cache costs as much as the operations.
    Here a thread takes a chunk through all of them: it is nearly twice as fast with two threads, and what is computed
    does not depend on how many there are.
    """
    threads = torch.get_num_threads()
    if threads == 1:
        return [work(chunk) for chunk in chunks]
    torch.set_num_threads(1)
    try:
        with ThreadPoolExecutor(threads) as pool:
            return list(pool.map(work, chunks))
    finally:
        torch.set_num_threads(threads)
