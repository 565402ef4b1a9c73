"""What all specifications have in common.

A spec names its heavy part by an import string, ``"package.module:attribute"``, which is imported
by jobs only. A string that starts with a dot is relative to the plugin's own package.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
"""What a name or an id looks like; it may be part of a path."""


@dataclass(frozen=True, kw_only=True)
class Spec:
    """The base of all specifications: frozen, light, checked when it is made.

    Args:
        name: the name in the configuration, the tables and the paths; letters, digits, ``. _ -``.
        factory: import string of the heavy part, or the object itself in a one-file plugin: a
            class or function at the top level, or a ``functools.partial`` of one.
        summary: one line for lists.
        reference: the publications behind it, by DOI, arXiv number or address, with commas between
            them; ``priorbench cite`` finds their BibTeX in the ``references.bib`` of the plugin's
            folder, or in the library's.
        data_files: files that the factory reads, such as weights, by patterns that start in the
            plugin's folder: ``("weights/*.safetensors",)``. Results are computed again when they
            change. A file whose whole name stands in the code is noticed without it.
    """

    name: str
    factory: str | Callable[..., Any]
    summary: str
    reference: str = ""
    data_files: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not isinstance(self.name, str) or not NAME.fullmatch(self.name):
            raise ValueError(
                f"{type(self).__name__} name {self.name!r} must be letters, digits, '.', '_' or '-'"
            )
        if isinstance(self.factory, str) and not re.fullmatch(r"\.?[\w.]+:\w+", self.factory):
            raise ValueError(
                f"factory {self.factory!r} of {self.name!r} must look like '.module:attribute'"
            )
        if not isinstance(self.data_files, tuple):
            raise ValueError(f"data_files of {self.name!r} must be a tuple of patterns")
        for pattern in self.data_files:
            path = PurePosixPath(pattern)
            if not pattern or path.is_absolute() or ".." in path.parts:
                raise ValueError(
                    f"data_files of {self.name!r}: {pattern!r} must start in the plugin's folder"
                )
