"""How a restoration or a score ended."""

from __future__ import annotations

from enum import StrEnum


class Status(StrEnum):
    """How one piece of work ended, as the tables name it."""

    OK = "ok"
    FAILED = "failed"
    """It raised or crashed, or its number is not finite."""
    TIMEOUT = "timeout"
    DIVERGED = "diverged"
    UNSUPPORTED = "unsupported"
    """The prior can't do the task, or not on this image."""
    UNDEFINED = "undefined"
    """The metric is not defined for this image or task, whatever the prior."""

    @property
    def is_failure(self) -> bool:
        """Whether it is a failure of a method: neither a result nor a stated limit."""
        return self not in NO_FAILURE


NO_FAILURE = (Status.OK, Status.UNSUPPORTED, Status.UNDEFINED)

EXACT_NOTE = "equals the clean image"
"""The note of a score whose restoration equals the clean image, of a problem that can't be
inverted.
"""
