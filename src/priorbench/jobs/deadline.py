"""When a restoration should stop by itself, so that what it has is not lost."""

from __future__ import annotations

import time

SHARE, LEAST, MOST = 0.05, 2.0, 60.0
"""Share of the limit, and bounds in seconds, kept for the last iteration and for writing."""


def margin(limit: float) -> float:
    """Return how many seconds before its limit a restoration should stop; never more than half of
    them.
    """
    return min(max(SHARE * limit, LEAST), MOST, limit / 2)


def deadline_within(limit: float) -> float:
    """Return the deadline of a restoration that is killed ``limit`` seconds from now."""
    return time.monotonic() + limit - margin(limit)
