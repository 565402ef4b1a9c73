"""A series of pieces of work for a plugin's code, in worker processes: one that is lost costs one piece."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

from priorbench.errors import MachineError, StorageError
from priorbench.jobs.worker import WorkerDied, WorkerTimeout, messages
from priorbench.plan import MODEL_LOADING_MINUTES
from priorbench.store.outcome import Outcome

T = TypeVar("T")


def in_series(
    work: Callable[..., None],
    arguments: tuple[Any, ...],
    items: Sequence[T],
    *,
    stage: str,
    minutes: float,
    final: bool,
) -> Iterator[tuple[T, dict[str, Any]]]:
    """Run ``work(send, *arguments, items)`` and yield how each item ended; a new worker takes what a lost one leaves.

    The work sends ``("begin", item, None)`` before each step of an item and, in the items' order,
    ``("end", item, outcome)`` after it, with the outcome as plain data. It may raise errors of the machine.

    Args:
        work: a function of a module.
        arguments: plain data.
        items: what is to be done, plain data.
        stage: the stage, for outcomes.
        minutes: time limit of a step.
        final: whether this is the last attempt, which turns an error of the machine into a failed outcome.

    Raises:
        MachineError: the process was killed, or said that the machine failed, and further attempts are left.
        StorageError: the process said that a disk is full or a file damaged.
    """
    waiting = list(items)
    while waiting:
        begun = False
        try:
            for kind, _, content in messages(
                work,
                (*arguments, list(waiting)),
                first_limit=60 * MODEL_LOADING_MINUTES,
                limit=60 * minutes,
            ):
                begun = kind == "begin"
                if kind == "end":
                    yield waiting.pop(0), content
            for item in waiting:
                yield item, Outcome("failed", stage, "the process ended without a result").as_dict()
            return
        except WorkerTimeout as error:
            ended = Outcome.of_timeout(error.seconds, stage)
        except WorkerDied as error:
            ended = Outcome("failed", stage, str(error))
        except MachineError as error:
            if not final or isinstance(error, StorageError):
                raise
            ended = Outcome("failed", stage, str(error))
        # Before anything has begun the worker was lost while it loaded, and would be again.
        for item in waiting[:1] if begun else list(waiting):
            yield item, ended.as_dict()
            waiting.remove(item)
