"""Lines for the log of a job."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping


def say(message: str) -> None:
    """Write one line with the time of day, at once."""
    print(f"{time.strftime('%H:%M:%S')} {message}", file=sys.stderr, flush=True)


def say_that_another_works() -> None:
    """Write that this job waits for one that was sent before it."""
    say("another job is at this work: this one waits, and computes only what that one leaves")


def in_words(values: Mapping[str, float]) -> str:
    """Return numbers with their names, for example ``loss 0.0123, psnr 24.1``."""
    return ", ".join(f"{name} {value:.4g}" for name, value in values.items())
