"""Where plugins are found, and how each is imported."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterator, Sequence
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from types import ModuleType
from typing import TypeAlias

from priorbench.plugins import builtin
from priorbench.plugins.hookspecs import PROJECT
from priorbench.plugins.registry import Plugin, PluginError

DEFAULT_FOLDER = Path("plugins")
"""The folder that is searched where the configuration names none; it alone may be missing."""
Import: TypeAlias = Callable[[], ModuleType]
"""Imports the module that registers a plugin's specs."""

_plugin_folders: set[str] = set()
"""The folders that were searched so far in this process."""


def find_plugins(folders: Sequence[Path]) -> Iterator[tuple[Plugin, Import]]:
    """Yield the library's own plugin, those in ``folders``, and those of installed packages."""
    yield Plugin("priorbench", "built-in", str(builtin.__file__), "priorbench"), lambda: builtin
    for folder in folders:
        for path in _plugin_paths(folder):
            yield _folder_plugin(path, folder, folders)
    for entry in sorted(entry_points(group=PROJECT), key=lambda entry: entry.name):
        package = entry.module.rpartition(".")[0] or entry.module
        yield Plugin(entry.name, "package", entry.value, package), _import_of(entry)


def missing_folder(folders: Sequence[Path]) -> str:
    """Return what is wrong with the default folder if it does not exist.

    Raises:
        PluginError: another folder does not exist.
    """
    problem = ""
    for folder in folders:
        if not folder.is_dir():
            place = (
                f"the folder {folder.absolute()} does not exist "
                "(relative paths start where the command is run)"
            )
            if folder != DEFAULT_FOLDER:
                raise PluginError(f"plugins.folders: {place}")
            problem = f"no folder of plugins was searched: {place}"
    return problem


def _plugin_paths(folder: Path) -> Iterator[Path]:
    """Yield the plugins in a folder, and those in the groups in it.

    A group is a folder without a ``plugin.py`` of its own that holds folders with one.
    """
    for path in sorted(folder.iterdir() if folder.is_dir() else ()):
        if path.name.startswith((".", "_")) or not (path.is_dir() or path.suffix == ".py"):
            continue
        if not (path / "plugin.py").is_file() and any(path.glob("*/plugin.py")):
            yield from _plugin_paths(path)
        else:
            yield path


def _folder_plugin(path: Path, folder: Path, folders: Sequence[Path]) -> tuple[Plugin, Import]:
    """Return the plugin in ``path``, a folder with a ``plugin.py`` or one file."""
    last = path.stem if path.is_file() else path.name
    name = ".".join([*path.relative_to(folder).parts[:-1], last])
    absolute = folder.resolve()
    package = f"{absolute.name}.{name}"
    file = path if path.is_file() else path / "plugin.py"

    def load() -> ModuleType:
        if "." in last:
            raise PluginError("the name of a plugin's folder can't hold a dot: rename it")
        if not file.is_file():
            raise PluginError(f"{file} is missing: a plugin's folder registers its specs there")
        other = path.parent.with_suffix(".py")
        if path.parent != folder and other.is_file():
            raise PluginError(f"the plugin {other} has the name of the group it is in: rename one")
        _make_importable(absolute, [each.resolve() for each in folders])
        module = package if path.is_file() else f"{package}.plugin"
        found = absolute / path.relative_to(folder)
        _forget_other(package, module, found, absolute / file.relative_to(folder))
        imported = importlib.import_module(module)
        if path.is_dir():
            # As it was found: a namespace package would follow later changes of the folders.
            sys.modules[package].__path__ = [str(found)]
        return imported

    return Plugin(name, "folder", str(file), package), load


def _make_importable(folder: Path, folders: Sequence[Path]) -> None:
    """Make a folder a namespace package (PEP 420), as if its parent were on the path.

    Of several ``folders`` of one name, this one is searched first.

    Raises:
        PluginError: the folder's name holds a dot, or is that of another package or module.
    """
    if "." in folder.name:
        raise PluginError(f"the name of the folder {folder} of plugins holds a dot: rename it")
    if str(folder.parent) not in sys.path:
        sys.path.append(str(folder.parent))
    package = importlib.import_module(folder.name)
    places = list(getattr(package, "__path__", ()))
    is_namespace = bool(places) and getattr(package, "__file__", None) is None
    if not is_namespace and str(folder) not in places:
        taken = getattr(package, "__file__", None) or "built in"
        raise PluginError(
            f"the folder {folder} has the name of a Python package ({taken}): rename it"
        )
    _plugin_folders.update(map(str, folders))
    same = [str(other) for other in folders if other.name == folder.name and other != folder]
    installed = [place for place in places if place not in _plugin_folders]
    package.__path__ = [str(folder), *same, *installed]


def _forget_other(package: str, module: str, path: Path, file: Path) -> None:
    """Drop a plugin of the same name that was loaded from elsewhere.

    Args:
        package: its package; of a plugin that is one file, the module itself.
        module: the module that registers its specs.
        path: its folder or file.
        file: of ``module``.
    """
    known, loaded = sys.modules.get(package), sys.modules.get(module)
    places = [*getattr(known, "__path__", ()), getattr(known, "__file__", None)]
    is_same = known is None or str(path) in places
    if is_same and (loaded is None or loaded.__file__ == str(file)):
        return
    for name in list(sys.modules):
        if name == package or name.startswith(f"{package}."):
            del sys.modules[name]


def _import_of(entry: EntryPoint) -> Import:
    def load() -> ModuleType:
        module = entry.load()
        if not isinstance(module, ModuleType):
            raise PluginError(
                f"its entry point {entry.value!r} must name a module, not a {type(module).__name__}"
            )
        return module

    return load
