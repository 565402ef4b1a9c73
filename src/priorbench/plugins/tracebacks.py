"""Tracebacks of a plugin's errors."""

from __future__ import annotations

import traceback
from pathlib import Path

MACHINERY = (
    "importlib",
    "pluggy",
    "functools.py",
    "jaxtyping",
    "torch/utils/_contextlib.py",
    str(Path(__file__).parents[1]),
)
"""Parts of the paths of files that are no plugin's own."""


def short_traceback(error: BaseException) -> str:
    """Return the traceback from the plugin's own first frame on; without any, the error alone."""
    frames = traceback.extract_tb(error.__traceback__)
    while frames and any(part in frames[0].filename for part in MACHINERY):
        del frames[0]
    return "".join(traceback.format_list(frames) + traceback.format_exception_only(error)).rstrip()
