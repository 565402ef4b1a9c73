"""Docstrings as Markdown: their cross-references are written for Python's readers."""

from __future__ import annotations

import re
from typing import Any

import griffe

ROLE = re.compile(r":[a-z]+:`~?\.?([^`]+)`")
"""A cross-reference, such as ``:func:`.splitting.split```."""


class CrossReferences(griffe.Extension):
    """Show a cross-reference as the name of what it is about."""

    def on_instance(self, *, obj: griffe.Object, **_: Any) -> None:
        """Change the docstring of an object that was read."""
        if obj.docstring:
            obj.docstring.value = ROLE.sub(r"`\1`", obj.docstring.value)
