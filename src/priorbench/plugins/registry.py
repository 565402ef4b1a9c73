"""All that plugins registered."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from types import ModuleType
from typing import Any, Generic, TypeVar

from priorbench.specs import DatasetSpec, MetricSpec, PriorSpec, Spec, StudySpec, TaskSpec

HOOKS: dict[str, type[Spec]] = {
    "register_priors": PriorSpec,
    "register_tasks": TaskSpec,
    "register_datasets": DatasetSpec,
    "register_metrics": MetricSpec,
    "register_studies": StudySpec,
}
S = TypeVar("S", bound=Spec)


class PluginError(ValueError):
    """A plugin can't be used; the message says which, where and what to do."""


class Origin(StrEnum):
    """Where a plugin comes from."""

    BUILT_IN = "built-in"
    FOLDER = "folder"
    PACKAGE = "package"


@dataclass(frozen=True)
class Plugin:
    """A plugin that was found.

    Args:
        name: its name.
        origin: with the library, a folder that the configuration names, or an installed package.
        location: the file that declares it.
        package: the package that relative import strings start from.
        file: ``location`` as a path, of a plugin in a folder; None for the library's own specs and
            for installed packages.
        problem: why it is left out; empty when it is sound.
    """

    name: str
    origin: Origin
    location: str
    package: str
    file: Path | None = None
    problem: str = ""

    @property
    def place(self) -> tuple[str, Path] | None:
        """The package of its code and its folder or file; None for the library's own."""
        if self.file is not None:
            is_folder = self.file.name == "plugin.py"
            return self.package, self.file.parent if is_folder else self.file
        root = self.package.partition(".")[0]
        if self.origin is Origin.BUILT_IN or root not in sys.modules:
            return None
        return root, module_place(sys.modules[root])

    def data_files(self, spec: Spec) -> dict[str, Path]:
        """Return the data files that a spec declares, by their names in the plugin's folder.

        Raises:
            PluginError: a pattern matches no file.
        """
        found: dict[str, Path] = {}
        for pattern in spec.data_files:
            files = [file for file in sorted(self.folder.glob(pattern)) if file.is_file()]
            if not files:
                raise PluginError(
                    f"data_files of {spec.name!r}: {pattern!r} matches no file in {self.folder}"
                )
            found |= {file.relative_to(self.folder).as_posix(): file for file in files}
        return found

    @property
    def folder(self) -> Path:
        """The folder that names of data files start from, and that ``references.bib`` is in."""
        if self.file is not None:
            return self.file.parent
        place = module_place(sys.modules[self.package])
        return place if place.is_dir() else place.parent


def module_place(module: ModuleType) -> Path:
    """Return the folder of a package, or the file of a module."""
    folders = list(getattr(module, "__path__", ()))
    return Path(folders[0] if folders else str(module.__file__))


@dataclass(frozen=True)
class Registered(Generic[S]):
    """A spec together with the plugin that registered it."""

    spec: S
    plugin: Plugin

    def load(self) -> Any:
        """Return the spec's factory, imported if it is named by an import string.

        Raises:
            PluginError: the import fails or the attribute is missing.
        """
        factory = self.spec.factory
        if not isinstance(factory, str):
            return factory
        module, attribute = factory.split(":")
        try:
            return getattr(importlib.import_module(module, self.plugin.package), attribute)
        except (Exception, SystemExit) as error:
            raise PluginError(
                f"factory {factory!r} of {self.spec.name!r} (plugin {self.plugin.name!r}, "
                f"{self.plugin.location}) failed to load: {type(error).__name__}: {error}"
            ) from error


@dataclass
class Registry:
    """All specs of sound plugins, by name, and every plugin that was found.

    Args:
        priors: by name, like all kinds of specs.
        tasks: ways to corrupt images.
        datasets: sources of images.
        metrics: measures of a restoration.
        studies: questions asked of an experiment's results.
        plugins: sound and broken ones.
    """

    priors: dict[str, Registered[PriorSpec]] = field(default_factory=dict)
    tasks: dict[str, Registered[TaskSpec]] = field(default_factory=dict)
    datasets: dict[str, Registered[DatasetSpec]] = field(default_factory=dict)
    metrics: dict[str, Registered[MetricSpec]] = field(default_factory=dict)
    studies: dict[str, Registered[StudySpec]] = field(default_factory=dict)
    plugins: list[Plugin] = field(default_factory=list)

    @property
    def problems(self) -> list[str]:
        """What is wrong with plugins that were left out."""
        return [plugin.problem for plugin in self.plugins if plugin.problem]

    def registered_by(self, hook: str) -> dict[str, Registered[Any]]:
        """Return all that a hook registered, by name."""
        entries: dict[str, Registered[Any]] = getattr(self, hook.removeprefix("register_"))
        return entries

    def specs_of(self, plugin: str) -> Iterator[Spec]:
        """Yield the specs of one plugin."""
        for hook in HOOKS:
            for entry in self.registered_by(hook).values():
                if entry.plugin.name == plugin:
                    yield entry.spec
