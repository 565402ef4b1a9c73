"""A small cache on disk, shared by all processes of a user. Losing it costs time, nothing else."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

from priorbench.store.files import cache_folder, write_atomically


class Cache:
    """Values by key, in one JSON file of the user's cache folder.

    Args:
        name: of the file.
        maximum: number of entries; beyond it the cache is cleared.
    """

    def __init__(self, name: str, maximum: int) -> None:
        self._name = name
        self._maximum = maximum
        self._folder = ""
        self._entries: dict[str, Any] = {}
        self._new: dict[str, Any] = {}

    def get(self, key: str) -> Any:
        """Return the value of a key, or None."""
        self._read()
        return self._new.get(key, self._entries.get(key))

    def put(self, key: str, value: Any) -> None:
        """Keep a value; :meth:`save` writes it."""
        self._read()
        self._new[key] = value

    def save(self) -> None:
        """Write new values; where nothing can be written the next process computes them again."""
        if not self._new:
            return
        # Another process may have added to the file since it was read.
        self._folder = ""
        self._read()
        if len(self._entries) + len(self._new) > self._maximum:
            self._entries = {}
        self._entries |= self._new
        self._new = {}
        with suppress(OSError):
            write_atomically(cache_folder() / self._name, json.dumps(self._entries))

    def _read(self) -> None:
        """Read the file once, and again when the environment names another folder."""
        folder = str(cache_folder())
        if folder == self._folder:
            return
        self._folder, self._entries = folder, {}
        with suppress(OSError, ValueError):
            found = json.loads((cache_folder() / self._name).read_text(encoding="utf-8"))
            if isinstance(found, dict):
                self._entries = found
