"""Fingerprints of the code that stands behind stages and specs."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterable
from typing import Any

from priorbench.plugins.registry import Plugin, Registered
from priorbench.provenance import (
    Dependencies,
    Packages,
    dependencies_of,
    describe_factory,
    fingerprint,
    versions,
)
from priorbench.provenance.dependencies import library_packages
from priorbench.provenance.factories import factory_modules
from priorbench.specs import DatasetSpec, Parameters

STAGES = "priorbench.stages"


class Code:
    """What results depend on of the library's, the plugins' and other people's code.

    Args:
        plugins: all that were found; one may import from another.
    """

    def __init__(self, plugins: Iterable[Plugin]) -> None:
        places = [place for plugin in plugins if (place := plugin.place)]
        self._packages = Packages(dict(places))
        self._records: dict[tuple[str, str, str], Dependencies] = {}
        self._stages: dict[str, str] = {}

    def stage(self, name: str) -> str:
        """Return the fingerprint of a stage: of its module and of all that this imports."""
        if name not in self._stages:
            found = dependencies_of([f"{STAGES}.{name}"], self._packages)
            self._stages[name] = found.fingerprint
        return self._stages[name]

    def spec(self, entry: Registered[Any]) -> str:
        """Return the fingerprint of a spec's factory and of all that it may run or read."""
        factory = describe_factory(entry.spec.factory)
        return fingerprint([factory, self._dependencies(entry).fingerprint, self.packages(entry)])

    def packages(self, entry: Registered[Any]) -> dict[str, str]:
        """Return the versions of the installed packages that a spec's code brings along.

        Those that the library itself imports (torch, numpy, ...) are not among them: they are
        recorded with each row, and a table that mixes versions says so. Computing everything
        again for each of their updates would be too much.
        """
        return versions(self._dependencies(entry).packages - library_packages())

    def _dependencies(self, entry: Registered[Any]) -> Dependencies:
        record, plugin = entry.spec, entry.plugin
        key = type(record).__name__, record.name, plugin.name
        if key not in self._records:
            modules = [_absolute(name, plugin) for name in factory_modules(record.factory)]
            if isinstance(record, DatasetSpec):
                # It gets its parameters as an object, whose methods it may call.
                modules += _parameter_modules(record.parameters)
            data = plugin.data_files(record)
            self._records[key] = dependencies_of(modules, self._packages, data)
        return self._records[key]


def _parameter_modules(parameters: type[Parameters]) -> list[str]:
    """Return the modules of a class of parameters and of its own bases."""
    own = parameters.__mro__[: parameters.__mro__.index(Parameters)]
    return [kind.__module__ for kind in own]


def _absolute(module: str, plugin: Plugin) -> str:
    if not module.startswith("."):
        return module
    return importlib.util.resolve_name(module, plugin.package)
