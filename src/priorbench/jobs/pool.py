"""Pieces of work for a plugin's code, in worker processes: one that is lost costs one piece."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import Any, Generic, TypeVar

from priorbench.errors import MachineError, StorageError
from priorbench.jobs.worker import WorkerDied, WorkerTimeout, messages
from priorbench.plan import MODEL_LOADING_MINUTES
from priorbench.store.outcome import Outcome
from priorbench.store.status import Status

T = TypeVar("T")
R = TypeVar("R")


@dataclass(frozen=True)
class Begun:
    """A worker's message before each step of an item, which has the time limit to itself."""


@dataclass(frozen=True)
class Advanced:
    """A worker's message in the middle of a step, whose time limit goes on.

    Args:
        fraction: of the step that is done, from 0 to 1.
        values: numbers worth watching.
    """

    fraction: float
    values: Mapping[str, float]


@dataclass(frozen=True)
class Done(Generic[R]):
    """A worker's message after an item.

    Args:
        result: what the item gave.
    """

    result: R


def run_each(
    work: Callable[..., None],
    arguments: tuple[Any, ...],
    items: Sequence[T],
    *,
    lost: Callable[[Outcome], R],
    stage: str,
    minutes: float,
    final: bool,
    advanced: Callable[[Advanced], None] = lambda message: None,
    group: Callable[[T], object] = lambda item: None,
) -> Iterator[tuple[T, R]]:
    """Run ``work(send, *arguments, items)`` and yield each item with its result.

    The work sends :class:`Begun` before each step of an item, :class:`Advanced` during it if it
    likes, and, in the items' order, :class:`Done` after it. A new worker takes what a lost one
    leaves.

    Args:
        work: a function of a module; it may raise errors of the machine.
        arguments: what can be pickled.
        items: what is to be done, what can be pickled.
        lost: gives the result of an item whose worker was lost.
        stage: the stage, for outcomes.
        minutes: time limit of a step.
        final: whether this is the last attempt, which turns an error of the machine into a
            failed outcome.
        advanced: is told how far a step is.
        group: items of the same group need the same preparation, before the first of them has
            begun: if the worker is lost in it, all of them are.

    Raises:
        MachineError: the worker was killed, or sent that the machine failed, and further attempts
            are left.
        StorageError: the worker sent that a disk is full or a file damaged.
    """
    waiting = list(items)
    while waiting:
        limit = _Limit(minutes)
        outcome = Outcome(Status.FAILED, stage, "the worker exited without returning a result")
        try:
            for message in messages(work, (*arguments, list(waiting)), limit=limit.after):
                if isinstance(message, Advanced):
                    advanced(message)
                elif isinstance(message, Done):
                    yield waiting.pop(0), message.result
        except WorkerTimeout:
            outcome = Outcome.of_timeout(limit.seconds, stage)
        except WorkerDied as error:
            outcome = Outcome(Status.FAILED, stage, str(error))
        except MachineError as error:
            if not final or isinstance(error, StorageError):
                raise
            outcome = Outcome(Status.FAILED, stage, str(error))
        # A worker that was lost in the preparation of some items would be lost in it again.
        abandoned = waiting[:1] if limit.is_of_step else _first_group(waiting, group)
        for item in abandoned:
            yield item, lost(outcome)
        waiting = waiting[len(abandoned) :]


class _Limit:
    """How long a worker may take for a step, or for what lies between two steps.

    Args:
        minutes: of a step.
    """

    def __init__(self, minutes: float) -> None:
        self._minutes = minutes
        self._start_again(is_of_step=False)

    def after(self, message: object) -> float:
        """Return the seconds that are left until the next message, after one or before the first.

        What is told in the middle of a step gives it no more time.
        """
        if not isinstance(message, Advanced):
            self._start_again(is_of_step=isinstance(message, Begun))
        return self._end - time.monotonic()

    def _start_again(self, is_of_step: bool) -> None:
        self.is_of_step = is_of_step
        self.seconds = 60 * (self._minutes if is_of_step else MODEL_LOADING_MINUTES)
        self._end = time.monotonic() + self.seconds


def _first_group(items: Sequence[T], group: Callable[[T], object]) -> list[T]:
    """Return the first items, as far as they are of one group."""
    return list(takewhile(lambda item: group(item) == group(items[0]), items))
