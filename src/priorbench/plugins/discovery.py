"""Where plugins are found, and how each is imported."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib.machinery import ModuleSpec
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from types import ModuleType
from typing import TypeAlias

from priorbench import shipped
from priorbench.plugins import builtin
from priorbench.plugins.api_version import check_api_version
from priorbench.plugins.hookspecs import PROJECT
from priorbench.plugins.registry import Origin, Plugin, PluginError

DEFAULT_FOLDER = Path("plugins")
"""The folder that is searched where the configuration names none; it alone may be missing."""
Import: TypeAlias = Callable[[], ModuleType]
"""Imports the module that registers a plugin's specs."""

_plugin_folders: set[str] = set()
"""The folders that were searched so far in this process."""


def find_plugins(folders: Sequence[Path]) -> Iterator[tuple[Plugin, Import]]:
    """Yield the library's own plugin, those in ``folders``, and those of installed packages.

    A folder that is named twice is searched once. A built-in plugin is not yielded where another
    folder has one of its name.
    """
    # A plugin may have been written a moment ago, after its folder was listed.
    importlib.invalidate_caches()
    library = Plugin("priorbench", Origin.BUILT_IN, str(builtin.__file__), "priorbench")
    yield library, lambda: builtin
    searched: dict[Path, Path] = {}
    for folder in folders:
        searched.setdefault(folder.resolve(), folder)
    found = [
        _folder_plugin(path, folder)
        for folder in searched.values()
        for path in _plugin_paths(folder)
    ]
    replacing = {plugin.name for plugin, _ in found if plugin.origin is Origin.FOLDER}
    kept = [
        (plugin, path)
        for plugin, path in found
        if plugin.origin is Origin.FOLDER or plugin.name not in replacing
    ]
    locations = {plugin.package: plugin.location for plugin, _ in kept}
    for plugin, path in kept:
        yield plugin, _import_of_folder(plugin, path, list(searched), locations)
    for entry in sorted(entry_points(group=PROJECT), key=lambda entry: entry.name):
        package = entry.module.rpartition(".")[0] or entry.module
        yield Plugin(entry.name, Origin.PACKAGE, entry.value, package), _import_of(entry)


def check_folders(folders: Sequence[Path]) -> None:
    """Raise PluginError if a folder does not exist; the default one may be missing."""
    for folder in folders:
        if folder != DEFAULT_FOLDER and not folder.is_dir():
            raise PluginError(
                f"plugins.folders: the folder {folder.absolute()} does not exist "
                "(relative paths start where the command is run)"
            )


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


def _folder_plugin(path: Path, folder: Path) -> tuple[Plugin, Path]:
    """Return the plugin in ``path``, a folder with a ``plugin.py`` or one file; and its path in the
    resolved folder.
    """
    last = path.stem if path.is_file() else path.name
    inside = path.relative_to(folder)
    absolute = folder.resolve()
    is_built_in = absolute == shipped.plugins().resolve()
    origin = Origin.BUILT_IN if is_built_in else Origin.FOLDER
    name = ".".join([*inside.parts[:-1], last])
    file = path if path.is_file() else path / "plugin.py"
    return Plugin(name, origin, str(file), f"{absolute.name}.{name}", file), absolute / inside


def _import_of_folder(
    plugin: Plugin, path: Path, folders: Sequence[Path], locations: Mapping[str, str]
) -> Import:
    """Return what imports a plugin in a folder.

    Args:
        plugin: the plugin.
        path: its folder or file, resolved.
        folders: all that are searched, resolved.
        locations: of the plugins in them, by their packages.
    """
    package = plugin.package
    is_file = path.is_file()
    file = path if is_file else path / "plugin.py"

    def load() -> ModuleType:
        if "." in (path.stem if is_file else path.name):
            raise PluginError("the name of a plugin's folder can't hold a dot: rename it")
        if not file.is_file():
            raise PluginError(
                f"{plugin.location} is missing: a plugin's folder registers its specs there"
            )
        for group in _groups(package):
            if group in locations:
                raise PluginError(
                    f"the plugin {locations[group]} has the name of the group it is in: rename one"
                )
        _make_importable(path.parents[plugin.name.count(".")], folders)
        check_api_version(file)
        module = package if is_file else f"{package}.plugin"
        _forget_other(package, module, path, file)
        if not is_file:
            _import_package(package, path)
        return importlib.import_module(module)

    return load


def _groups(package: str) -> list[str]:
    """Return the packages of the groups that a plugin is in."""
    parts = package.split(".")
    return [".".join(parts[:end]) for end in range(2, len(parts))]


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
    # A folder of plugins may have an __init__.py, also where another of its name is searched.
    if not is_namespace and not {*map(str, folders)}.intersection(places):
        taken = getattr(package, "__file__", None) or "built in"
        raise PluginError(
            f"the folder {folder} has the name of a Python package ({taken}): rename it"
        )
    _plugin_folders.update(map(str, folders))
    same = [str(other) for other in folders if other.name == folder.name and other != folder]
    installed = [place for place in places if place not in _plugin_folders]
    package.__path__ = [str(folder), *same, *installed]


def _import_package(package: str, folder: Path) -> None:
    """Import the package of a plugin that is a folder, which no other place adds to.

    The search for a folder without ``__init__.py`` would go on, prefer a module of its name in
    another folder of plugins, and follow later changes of the folders.
    """
    if package in sys.modules:
        return
    if not (folder / "__init__.py").is_file():
        parent, _, name = package.rpartition(".")
        importlib.import_module(parent)
        spec = ModuleSpec(package, None, is_package=True)
        spec.submodule_search_locations = [str(folder)]
        sys.modules[package] = importlib.util.module_from_spec(spec)
        setattr(sys.modules[parent], name, sys.modules[package])
    else:
        importlib.import_module(package)
    sys.modules[package].__path__ = [str(folder)]


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
        found = importlib.util.find_spec(entry.module)
        if found is not None and found.has_location and found.origin is not None:
            check_api_version(Path(found.origin))
        module = entry.load()
        if not isinstance(module, ModuleType):
            raise PluginError(
                f"its entry point {entry.value!r} must name a module, not a {type(module).__name__}"
            )
        return module

    return load
