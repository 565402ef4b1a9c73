"""Lines for the log of a job."""

from __future__ import annotations

import sys
import time


def say(message: str) -> None:
    """Write one line with the time of day, at once."""
    print(f"{time.strftime('%H:%M:%S')} {message}", file=sys.stderr, flush=True)
