"""Find plugins, load each by itself, keep what is sound, report what is not."""

from __future__ import annotations

import importlib
import inspect
import sys
import traceback
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from types import ModuleType
from typing import Any, Generic, TypeVar

import pluggy

from priorbench.errors import unknown
from priorbench.plugins import builtin, hookspecs
from priorbench.provenance import describe_factory
from priorbench.specs import DatasetSpec, MetricSpec, PriorSpec, Record, StudySpec, TaskSpec

DEFAULT_FOLDER = Path("plugins")
"""The folder that is searched where the configuration names none; it alone may be absent."""
HOOKS: dict[str, type[Record]] = {
    "register_priors": PriorSpec,
    "register_tasks": TaskSpec,
    "register_datasets": DatasetSpec,
    "register_metrics": MetricSpec,
    "register_studies": StudySpec,
}
R = TypeVar("R", bound=Record)


class PluginError(ValueError):
    """A plugin can't be used; the message says which, where and what to do."""


@dataclass(frozen=True)
class Plugin:
    """A plugin that was found.

    Args:
        name: its name.
        origin: ``built-in``, ``folder`` or ``package``.
        location: the file that declares it.
        package: the package that relative import strings start from.
        problem: why it is left out; empty when it is sound.
    """

    name: str
    origin: str
    location: str
    package: str
    problem: str = ""

    @property
    def place(self) -> tuple[str, Path] | None:
        """The package of its code and the folder or file of that; None for the library's own."""
        if self.origin == "folder":
            file = Path(self.location)
            return self.package, file.parent if file.name == "plugin.py" else file
        root = self.package.partition(".")[0]
        if self.origin == "built-in" or root not in sys.modules:
            return None
        return root, _module_place(sys.modules[root])

    def data_files(self, record: Record) -> dict[str, Path]:
        """Return the data files that a record declares, by their names in the plugin's folder.

        Raises:
            PluginError: a pattern matches no file.
        """
        found: dict[str, Path] = {}
        for pattern in record.data_files:
            files = [file for file in sorted(self._folder.glob(pattern)) if file.is_file()]
            if not files:
                raise PluginError(
                    f"data_files of {record.name!r}: {pattern!r} matches no file in {self._folder}"
                )
            found |= {file.relative_to(self._folder).as_posix(): file for file in files}
        return found

    @property
    def _folder(self) -> Path:
        """The folder that names of data files start from."""
        if self.origin == "folder":
            return Path(self.location).parent
        place = _module_place(sys.modules[self.package])
        return place if place.is_dir() else place.parent


def _module_place(module: ModuleType) -> Path:
    """Return the folder of a package, or the file of a module."""
    folders = list(getattr(module, "__path__", ()))
    return Path(folders[0] if folders else str(module.__file__))


@dataclass(frozen=True)
class Registered(Generic[R]):
    """A record together with the plugin it came from."""

    record: R
    plugin: Plugin

    def load(self) -> Any:
        """Import and return what the record's factory names.

        Raises:
            PluginError: the import fails or the attribute is missing.
        """
        return load_factory(self.record.factory, self.plugin, self.record.name)


@dataclass
class Registry:
    """All that sound plugins registered, by name, and every plugin that was found."""

    priors: dict[str, Registered[PriorSpec]] = field(default_factory=dict)
    tasks: dict[str, Registered[TaskSpec]] = field(default_factory=dict)
    datasets: dict[str, Registered[DatasetSpec]] = field(default_factory=dict)
    metrics: dict[str, Registered[MetricSpec]] = field(default_factory=dict)
    studies: dict[str, Registered[StudySpec]] = field(default_factory=dict)
    plugins: list[Plugin] = field(default_factory=list)
    absent: list[str] = field(default_factory=list)

    @property
    def problems(self) -> list[str]:
        """What is wrong with the plugins that were left out; without any prior also that there is no folder of them."""
        absent = [] if self.priors else self.absent
        return [*absent, *(plugin.problem for plugin in self.plugins if plugin.problem)]

    def records_of(self, plugin: str) -> Iterator[Record]:
        """Yield the records of one plugin."""
        for hook in HOOKS:
            for entry in self._kind(hook).values():
                if entry.plugin.name == plugin:
                    yield entry.record

    def _kind(self, hook: str) -> dict[str, Registered[Any]]:
        kind: dict[str, Registered[Any]] = getattr(self, hook.removeprefix("register_"))
        return kind


def load_plugins(
    folders: Sequence[Path], *, disable: Sequence[str] = (), strict: bool = False
) -> Registry:
    """Load the built-in records, then the plugins in ``folders``, then the installed packages'.

    Each plugin is loaded by itself. One that fails in any way is left out whole, with a report.

    Args:
        folders: folders that hold plugins; the default one, ``plugins``, may be absent.
        disable: names of plugins, or of groups of them, to leave out without a report.
        strict: raise at the first broken plugin.

    Raises:
        PluginError: a plugin is broken and ``strict`` is set, a folder does not exist, or ``disable`` names no plugin.
    """
    registry = Registry(absent=_absent(folders))
    manager = pluggy.PluginManager(hookspecs.PROJECT)
    manager.add_hookspecs(hookspecs)
    found: list[str] = []
    for plugin, load in _candidates(folders):
        repeated = plugin.name in found
        found.append(plugin.name)
        if _is_disabled(plugin.name, disable):
            continue
        try:
            if repeated:
                other = next(p for p in registry.plugins if p.name == plugin.name)
                raise PluginError(
                    f"its name is taken by the plugin in {other.location}: rename one of them"
                )
            _register(registry, manager, plugin, load)
            problem = ""
        except PluginError as error:
            problem = f"plugin {plugin.name!r} ({plugin.location}) is left out: {error}"
        except (Exception, SystemExit) as error:
            problem = (
                f"plugin {plugin.name!r} ({plugin.location}) is left out because it raises; "
                f"correct it or list it under plugins.disable:\n{short_traceback(error)}"
            )
        if problem and strict:
            raise PluginError(problem)
        registry.plugins.append(
            Plugin(plugin.name, plugin.origin, plugin.location, plugin.package, problem)
        )
    for name in disable:
        if not any(_is_disabled(plugin, [name]) for plugin in found):
            raise PluginError(unknown("plugin in plugins.disable", name, found))
    return registry


def _is_disabled(plugin: str, disable: Sequence[str]) -> bool:
    """Return whether ``disable`` names a plugin or a group that it is in."""
    return any(plugin == name or plugin.startswith(f"{name}.") for name in disable)


def load_factory(factory: str | Callable[..., Any], plugin: Plugin, name: str) -> Any:
    """Return the object that an import string names, relative to the plugin's package.

    Raises:
        PluginError: the import fails or the attribute is missing.
    """
    if not isinstance(factory, str):
        return factory
    module_name, attribute = factory.split(":")
    try:
        return getattr(importlib.import_module(module_name, plugin.package), attribute)
    except (Exception, SystemExit) as error:
        raise PluginError(
            f"factory {factory!r} of {name!r} (plugin {plugin.name!r}, {plugin.location}) can't be loaded: "
            f"{type(error).__name__}: {error}"
        ) from error


def _absent(folders: Sequence[Path]) -> list[str]:
    """Return what to say of the default folder if it does not exist; any other raises PluginError."""
    told = []
    for folder in map(Path, folders):
        if not folder.is_dir():
            place = f"the folder {folder.absolute()} does not exist (relative paths start where the command is run)"
            if folder != DEFAULT_FOLDER:
                raise PluginError(f"plugins.folders: {place}")
            told.append(f"no folder of plugins was searched: {place}")
    return told


def _candidates(folders: Sequence[Path]) -> Iterator[tuple[Plugin, Callable[[], ModuleType]]]:
    """Yield each plugin that can be found with the function that imports it."""
    yield Plugin("priorbench", "built-in", str(builtin.__file__), "priorbench"), lambda: builtin
    folders = [Path(folder).resolve() for folder in folders]
    for folder in folders:
        for path in _plugin_paths(folder):
            yield _folder_plugin(path, folder, folders)
    for entry in sorted(entry_points(group=hookspecs.PROJECT), key=lambda entry: entry.name):
        plugin = Plugin(
            entry.name, "package", entry.value, entry.module.rpartition(".")[0] or entry.module
        )
        yield plugin, _entry_point_loader(entry)


def _plugin_paths(folder: Path) -> Iterator[Path]:
    """Yield the plugins in a folder, and those in the groups in it.

    A group is a folder without a ``plugin.py`` of its own that holds folders with one.
    """
    if not folder.is_dir():
        return
    for path in sorted(folder.iterdir()):
        if path.name.startswith((".", "_")) or not (path.is_dir() or path.suffix == ".py"):
            continue
        if not (path / "plugin.py").is_file() and any(path.glob("*/plugin.py")):
            yield from _plugin_paths(path)
        else:
            yield path


def _folder_plugin(
    path: Path, folder: Path, folders: Sequence[Path]
) -> tuple[Plugin, Callable[[], ModuleType]]:
    """Return the plugin in ``path``, a folder with a ``plugin.py`` or one file, and its import."""
    last = path.stem if path.is_file() else path.name
    name = ".".join([*path.relative_to(folder).parts[:-1], last])
    package = f"{folder.name}.{name}"
    file = path if path.is_file() else path / "plugin.py"

    def load() -> ModuleType:
        if "." in last:
            raise PluginError("the name of a plugin's folder can't hold a dot: rename it")
        if not file.is_file():
            raise PluginError(f"{file} is missing: a plugin's folder registers its specs there")
        _make_importable(folder, folders)
        module = package if path.is_file() else f"{package}.plugin"
        _forget_other(package, module, file)
        return importlib.import_module(module)

    return Plugin(name, "folder", str(file), package), load


def _make_importable(folder: Path, folders: Sequence[Path]) -> None:
    """Make a folder a namespace package (PEP 420) of its own name, as if its parent were on the path.

    Of several ``folders`` of one name, this one is searched first.

    Raises:
        PluginError: an installed package or a module of Python has the folder's name.
    """
    if str(folder.parent) not in sys.path:
        sys.path.append(str(folder.parent))
    package = importlib.import_module(folder.name)
    if getattr(package, "__file__", None) and str(folder) not in getattr(package, "__path__", ()):
        raise PluginError(
            f"the folder {folder} has the name of a Python package ({package.__file__}): rename it"
        )
    others = [str(other) for other in folders if other.name == folder.name and other != folder]
    package.__path__ = [str(folder), *others]


def _forget_other(package: str, module: str, file: Path) -> None:
    """Drop a folder plugin of the same name whose ``module`` was loaded from another file."""
    loaded = sys.modules.get(module)
    if loaded is None or loaded.__file__ == str(file):
        return
    for name in list(sys.modules):
        if name == package or name.startswith(f"{package}."):
            del sys.modules[name]


def _entry_point_loader(entry: EntryPoint) -> Callable[[], ModuleType]:
    def load() -> ModuleType:
        module = entry.load()
        if not isinstance(module, ModuleType):
            raise PluginError(
                f"its entry point {entry.value!r} must name a module, not a {type(module).__name__}"
            )
        return module

    return load


def _register(
    registry: Registry,
    manager: pluggy.PluginManager,
    plugin: Plugin,
    load: Callable[[], ModuleType],
) -> None:
    """Import one plugin and add its records; add nothing if anything is wrong with it."""
    module = load()
    manager.register(module, name=plugin.name)
    try:
        _check_hooks(module)
        collected = {hook: _records(manager, module, hook, kind) for hook, kind in HOOKS.items()}
    except BaseException:
        manager.unregister(module)
        raise
    for hook, records in collected.items():
        seen: dict[str, str] = {
            name: entry.plugin.location for name, entry in registry._kind(hook).items()
        }
        for record in records:
            if record.name in seen:
                what = hook.removeprefix("register_").removesuffix("s")
                raise PluginError(
                    f"the {what} {record.name!r} is registered already by {seen[record.name]}: give it another name"
                )
            seen[record.name] = plugin.location
            _check_comparable(record, plugin)
    for hook, records in collected.items():
        registry._kind(hook).update({record.name: Registered(record, plugin) for record in records})


def _check_comparable(record: Record, plugin: Plugin) -> None:
    """Raise PluginError if a change of what a record computes could go unnoticed."""
    try:
        describe_factory(record.factory)
    except ValueError as error:
        raise PluginError(f"{record.name!r}: {error}") from error
    plugin.data_files(record)


def _check_hooks(module: ModuleType) -> None:
    """Raise PluginError for hooks that are misspelt, lack their decorator, or don't exist at all."""
    marker = f"{hookspecs.PROJECT}_impl"
    implemented = 0
    for name, value in inspect.getmembers(module, inspect.isfunction):
        decorated = hasattr(value, marker)
        implemented += decorated
        if decorated and name not in HOOKS:
            raise PluginError(unknown("hook", name, HOOKS))
        if name in HOOKS and not decorated:
            raise PluginError(f"{name} lacks its decorator: write @priorbench.hookimpl above it")
    if not implemented:
        raise PluginError(f"it implements no hook; there are: {', '.join(HOOKS)}")


def _records(
    manager: pluggy.PluginManager, module: ModuleType, hook: str, kind: type[R]
) -> list[R]:
    """Call one hook of one plugin and return the records it yields."""
    others = [other for other in manager.get_plugins() if other is not module]
    results: list[Any] = manager.subset_hook_caller(hook, remove_plugins=others)()
    for result in results:
        if isinstance(result, Record):
            raise PluginError(f"{hook} must yield its records; it returns one")
    records = [record for result in results for record in result]
    for record in records:
        if not isinstance(record, kind):
            raise PluginError(
                f"{hook} must yield {kind.__name__} records, not {type(record).__name__}"
            )
    return records


def short_traceback(error: BaseException) -> str:
    """Return the traceback from the plugin's own first frame on; the error alone if none is its own."""
    frames = traceback.extract_tb(error.__traceback__)
    machinery = (
        "importlib",
        "pluggy",
        "functools.py",
        "torch/utils/_contextlib.py",
        str(Path(__file__).parent),
    )
    own = next(
        (i for i, f in enumerate(frames) if not any(part in f.filename for part in machinery)),
        len(frames),
    )
    return "".join(
        traceback.format_list(frames[own:]) + traceback.format_exception_only(error)
    ).rstrip()
