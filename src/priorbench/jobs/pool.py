"""Pieces of work for a plugin's code, in worker processes: one that is lost costs one piece."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
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
    group: Callable[[T], object] = lambda item: None,
) -> Iterator[tuple[T, R]]:
    """Run ``work(send, *arguments, items)`` and yield each item with its result.

    The work sends :class:`Begun` before each step of an item and, in the items' order,
    :class:`Done` after it. A new worker takes what a lost one leaves.

    Args:
        work: a function of a module; it may raise errors of the machine.
        arguments: what can be pickled.
        items: what is to be done, what can be pickled.
        lost: gives the result of an item whose worker was lost.
        stage: the stage, for outcomes.
        minutes: time limit of a step.
        final: whether this is the last attempt, which turns an error of the machine into a
            failed outcome.
        group: items of the same group need the same preparation, before the first of them has
            begun: if the worker is lost in it, all of them are.

    Raises:
        MachineError: the worker was killed, or sent that the machine failed, and further attempts
            are left.
        StorageError: the worker sent that a disk is full or a file damaged.
    """
    waiting = list(items)
    while waiting:
        begun = False
        outcome = Outcome(Status.FAILED, stage, "the worker exited without returning a result")
        try:
            for message in messages(
                work,
                (*arguments, list(waiting)),
                limit=lambda last: (
                    60 * (minutes if isinstance(last, Begun) else MODEL_LOADING_MINUTES)
                ),
            ):
                begun = isinstance(message, Begun)
                if isinstance(message, Done):
                    yield waiting.pop(0), message.result
        except WorkerTimeout as error:
            outcome = Outcome.of_timeout(error.seconds, stage)
        except WorkerDied as error:
            outcome = Outcome(Status.FAILED, stage, str(error))
        except MachineError as error:
            if not final or isinstance(error, StorageError):
                raise
            outcome = Outcome(Status.FAILED, stage, str(error))
        # A worker that was lost in the preparation of some items would be lost in it again.
        abandoned = waiting[:1] if begun else _first_group(waiting, group)
        for item in abandoned:
            yield item, lost(outcome)
        waiting = waiting[len(abandoned) :]


def _first_group(items: Sequence[T], group: Callable[[T], object]) -> list[T]:
    """Return the first items, as far as they are of one group."""
    return list(takewhile(lambda item: group(item) == group(items[0]), items))
