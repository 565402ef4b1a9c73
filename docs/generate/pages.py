"""What a page asks for by ``<!-- generated: … -->``, in the place where it asks."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable

from docs.generate import command_line, readme, specs

GENERATED: dict[str, Callable[..., str]] = {
    "README": readme.section,
    "command-line": command_line.command_line,
    "cost": specs.cost,
    "metrics": specs.metrics,
    "parameters": specs.parameters,
}
"""What there is, by the first word of the comment; further words are arguments."""


def filled(text: str) -> str:
    """Return a page with what it asks for in place of each comment.

    Raises:
        ValueError: a page asks for what there is not.
    """

    def made(match: re.Match[str]) -> str:
        name, *arguments = shlex.split(match[1])
        if name not in GENERATED:
            known = ", ".join(GENERATED)
            raise ValueError(f"{match[0]}: nothing is called {name!r}; there are {known}")
        try:
            return GENERATED[name](*arguments)
        except (KeyError, ValueError) as error:
            raise ValueError(f"{match[0]}: {error}") from error

    return re.sub(r"^<!-- generated: (.+?) -->$", made, text, flags=re.MULTILINE)
