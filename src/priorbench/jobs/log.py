"""Lines for the log of a job."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping


def say(message: str) -> None:
    """Write one line with the time of day, at once."""
    print(f"{time.strftime('%H:%M:%S')} {message}", file=sys.stderr, flush=True)


def say_that_it_waits() -> None:
    """Write that this job waits for one that was started before it."""
    say("another job holds the lock; waiting, then computing what is missing")


class PacedLog:
    """Lines on a long computation, at most one every few seconds.

    Args:
        seconds: the time between two lines.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds, self._last = seconds, time.monotonic()

    def say(self, message: Callable[[], str]) -> None:
        """Write a line, unless the last one was written just before."""
        if time.monotonic() - self._last > self._seconds:
            self._last = time.monotonic()
            say(message())


def in_words(values: Mapping[str, float]) -> str:
    """Return numbers with their names, for example ``loss 0.0123, psnr 24.1``."""
    return ", ".join(f"{name} {value:.4g}" for name, value in values.items())
