"""The reference of the command line, from the commands themselves."""

from __future__ import annotations

import html
import re
import subprocess
import sys

DROPPED = (
    # The shortened descriptions of the commands whose sections follow.
    r"^\*\*Commands\*\*:\n\n(?:\* .*\n)+\n?",
    r"^\* `--help`: .*\n",
    # An empty list, where --help was the only option.
    r"^\*\*Options\*\*:\n\n(?!\*)",
)
"""What Typer writes and the page does not need."""


def command_line() -> str:
    """Return a section for each command of ``priorbench``, as Typer writes it.

    Raises:
        ValueError: Typer can't load the commands.
    """
    command = [sys.executable, "-m", "typer", "priorbench.cli", "utils", "docs"]
    done = subprocess.run(
        [*command, "--name", "priorbench"], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise ValueError(f"{' '.join(command)} failed:\n{done.stderr}")
    # The page has its own title and says what the command is for.
    text = done.stdout[done.stdout.index("\n## ") :]
    for pattern in DROPPED:
        text = re.sub(pattern, "", text, flags=re.MULTILINE)
    # Typer escapes all of it; angle brackets stay escaped, outside of code they would be HTML.
    text = text.replace("&#x27;", "'").replace("&quot;", '"')
    return re.sub(r"`[^`\n]+`", lambda code: html.unescape(code[0]), text).strip()
