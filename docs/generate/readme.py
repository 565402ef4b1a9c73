"""Sections of README.md, for the front page."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]


def section(heading: str) -> str:
    """Return the text under a heading of README.md, with links that hold in docs/index.md.

    Raises:
        ValueError: README.md has no such heading.
    """
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    found = re.search(
        rf"^## {re.escape(heading)}\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL
    )
    if found is None:
        raise ValueError(f"README.md has no heading '## {heading}'")
    return found[1].replace("](docs/", "](").strip()
