"""What a check is: a function with a name that passes, fails with a reason, or is skipped."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

__all__ = ["Check", "CheckFailed", "Skipped", "check"]


class CheckFailed(AssertionError):
    """A check found a fault; the message says what is wrong and what would be right."""


class Skipped(Exception):
    """A check can't be done on this subject; the message says why."""


@dataclass(frozen=True)
class Check:
    """A check of a plugin.

    Args:
        name: what reports and ``expected_failures`` call it.
        summary: one sentence that holds where the check passes.
        run: does it, on a subject such as a :class:`.PriorSubject`; it returns, or raises
            :class:`CheckFailed` or :class:`Skipped`. Any other exception is a failure too.
        needs: names of checks without which this one says nothing: where one of them failed, it is
            skipped, so that one fault is one failure.
        apart: whether it starts processes of its own, and so runs in the caller's.
    """

    name: str
    summary: str
    run: Callable[[Any], None]
    needs: tuple[str, ...] = ()
    apart: bool = False


def check(*needs: str, apart: bool = False) -> Callable[[Callable[[Any], None]], Check]:
    """Turn a function into a check with its name and the first line of its docstring.

    Args:
        *needs: see :class:`Check`.
        apart: see :class:`Check`.
    """

    def decorate(function: Callable[[Any], None]) -> Check:
        summary = (function.__doc__ or "").strip().splitlines()[0]
        return Check(function.__name__, summary, function, needs, apart)

    return decorate
