"""What the user reads while photographs are restored."""

from __future__ import annotations

from rich.console import Console

console = Console(stderr=True)


def say(text: str) -> None:
    """Print a line as it is, whatever looks like markup in it."""
    console.print(text, highlight=False, soft_wrap=True, markup=False)
