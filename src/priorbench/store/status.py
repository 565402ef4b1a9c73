"""How a restoration or a score ended, as the tables name it."""

from __future__ import annotations

OK = "ok"
FAILED = "failed"
"""It raised or crashed, or its number is not finite."""
TIMEOUT = "timeout"
DIVERGED = "diverged"
UNSUPPORTED = "unsupported"
"""The prior can't do the task, or not on this image."""
UNDEFINED = "undefined"
"""The metric is not defined for this image or task, whatever the prior."""
NO_FAILURE = (OK, UNSUPPORTED, UNDEFINED)

EXACT_NOTE = "equals the clean image"
"""The note of a score whose restoration equals the clean image, of a problem that can't be inverted."""
