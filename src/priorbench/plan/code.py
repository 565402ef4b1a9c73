"""Fingerprints of the code that stands behind records."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from priorbench.fingerprint import PACKAGE, factory_name, files_fingerprint, fingerprint
from priorbench.plugins import Plugin, Registered
from priorbench.records import DatasetSpec, MetricSpec, Record, StudySpec, TaskSpec

BUILT_IN: dict[type[Record], Sequence[str]] = {
    TaskSpec: ("tasks",),
    DatasetSpec: ("data",),
    MetricSpec: ("metrics",),
}
"""What the library's own records consist of, by kind."""


class CodeFingerprints:
    """Fingerprints of records' code; each plugin's files are read once."""

    def __init__(self) -> None:
        self._files: dict[tuple[str, type[Record]], str] = {}

    def of(self, entry: Registered[Any]) -> str:
        """Return the fingerprint of a record's factory and of the files that it may run."""
        kind = type(entry.record)
        key = entry.plugin.name, kind
        if key not in self._files:
            if entry.plugin.origin == "built-in":
                self._files[key] = files_fingerprint(
                    PACKAGE / name for name in BUILT_IN.get(kind, ())
                )
            else:
                # A study may use the prior's code, but no prior the study's: an edit of it trains nothing again.
                leave_out = "" if kind is StudySpec else "studies"
                self._files[key] = files_fingerprint(_plugin_files(entry.plugin), leave_out)
        # The hooks, which name the factory, don't count among the files' content.
        return fingerprint([factory_name(entry.record.factory), self._files[key]])


def _plugin_files(plugin: Plugin) -> list[Path]:
    if plugin.origin == "folder":
        file = Path(plugin.location)
        return [file.parent if file.name == "plugin.py" else file]
    module = sys.modules[plugin.package]
    return (
        [Path(folder) for folder in module.__path__]
        if hasattr(module, "__path__")
        else [Path(str(module.__file__))]
    )
