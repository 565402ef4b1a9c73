"""How far a computation is: a bar in the terminal or in a notebook."""

from __future__ import annotations

import html
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any, TypeAlias

from priorbench.jobs.log import in_words
from priorbench.priors import Progress, silent

__all__ = ["ProgressLike"]

ProgressLike: TypeAlias = "bool | Progress"
"""Whether a bar is shown, or who is told instead."""

PACE = 0.2
"""Seconds between two states of a notebook's bar: each is a message to the browser."""


@contextmanager
def progress_of(wanted: ProgressLike, description: str) -> Iterator[Progress]:
    """Give a computation who to tell how far it is.

    Args:
        wanted: true for a bar, false for nobody, or a function that is told.
        description: what is computed.
    """
    if not isinstance(wanted, bool):
        yield wanted
    elif not wanted:
        yield silent
    elif _in_notebook():
        with _notebook_bar(description) as bar:
            yield bar
    else:
        with progress_bar(description) as bar:
            yield bar


@contextmanager
def progress_bar(description: str) -> Iterator[Progress]:
    """Show in the terminal how far a computation is, with the values that are reported."""
    from rich.console import Console
    from rich.progress import Progress as ProgressBar
    from rich.progress import TextColumn

    values_column = TextColumn("{task.fields[values]}", markup=False)
    columns = (*ProgressBar.get_default_columns(), values_column)
    with ProgressBar(*columns, console=Console(stderr=True)) as bar:
        job = bar.add_task(description, total=1.0, values="")

        def update(fraction: float, /, **values: float) -> None:
            bar.update(job, completed=fraction, values=in_words(values))

        yield update
        bar.update(job, completed=1.0)


@contextmanager
def _notebook_bar(description: str) -> Iterator[Progress]:
    """Show how far a computation is below a notebook's cell, and nothing when it is done."""
    # A notebook brings it along; the library does not need it.
    ipython: Any = import_module("IPython.display")
    bar = _NotebookBar(description)
    handle = ipython.display(ipython.HTML(bar.html(0.0, {})), display_id=True)

    def update(fraction: float, /, **values: float) -> None:
        if bar.is_due():
            handle.update(ipython.HTML(bar.html(fraction, values)))

    try:
        yield update
    finally:
        handle.update(ipython.HTML(""))


class _NotebookBar:
    """What a notebook shows of a computation.

    Args:
        description: what is computed.
    """

    def __init__(self, description: str) -> None:
        self._description, self._last = description, time.monotonic()

    def is_due(self) -> bool:
        """Whether the last state was shown long enough ago for another."""
        now = time.monotonic()
        if now - self._last < PACE:
            return False
        self._last = now
        return True

    def html(self, fraction: float, values: dict[str, float]) -> str:
        """Return the bar as HTML."""
        words = html.escape(f"{self._description} {fraction:.0%} {in_words(values)}".strip())
        return f'<progress value="{fraction:.4f}" max="1"></progress> {words}'


def _in_notebook() -> bool:
    """Whether this process is the kernel of a notebook."""
    ipython = sys.modules.get("IPython")
    shell = None if ipython is None else ipython.get_ipython()
    return getattr(shell, "kernel", None) is not None
