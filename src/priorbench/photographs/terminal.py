"""What the user sees while photographs are restored."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import Progress as ProgressBar
from rich.progress import TextColumn

from priorbench.jobs.log import in_words
from priorbench.priors import Progress

console = Console(stderr=True)


def say(text: str) -> None:
    """Print a line as it is, whatever looks like markup in it."""
    console.print(text, highlight=False, soft_wrap=True, markup=False)


@contextmanager
def progress_bar(description: str) -> Iterator[Progress]:
    """Show how far a restoration is, with the values that the prior reports."""
    values_column = TextColumn("{task.fields[values]}", markup=False)
    with ProgressBar(*ProgressBar.get_default_columns(), values_column, console=console) as bar:
        job = bar.add_task(description, total=1.0, values="")

        def update(fraction: float, /, **values: float) -> None:
            bar.update(job, completed=fraction, values=in_words(values))

        yield update
        bar.update(job, completed=1.0)
