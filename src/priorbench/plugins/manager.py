"""Load each plugin by itself, keep what is sound, report what is not."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import pluggy

from priorbench import shipped
from priorbench.config import PluginsSection
from priorbench.errors import unknown
from priorbench.plugins import hookspecs
from priorbench.plugins.discovery import Import, check_folders, find_plugins
from priorbench.plugins.registry import HOOKS, Plugin, PluginError, Registered, Registry
from priorbench.plugins.tracebacks import short_traceback
from priorbench.provenance import describe_factory
from priorbench.specs import Spec


def load_configured(section: PluginsSection, *, strict: bool = False) -> Registry:
    """Load the built-in plugins and those that a configuration names; see :func:`load_plugins`."""
    return load_plugins(
        with_built_in(section.folders), disable=section.disable, strict=strict or section.strict
    )


def with_built_in(folders: Sequence[str | Path]) -> list[str | Path]:
    """Return the folders that are searched where a configuration names ``folders``."""
    return [shipped.plugins(), *folders]


def load_plugins(
    folders: Sequence[str | Path], *, disable: Sequence[str] = (), strict: bool = False
) -> Registry:
    """Load the library's own specs, plugins in ``folders``, and those of installed packages.

    Each plugin is loaded by itself. One that fails in any way is left out whole, with a report.
    A plugin in a folder replaces the built-in one of its name.

    Args:
        folders: folders that hold plugins; the default one, ``plugins``, may be missing.
        disable: names of plugins, or of groups of them, to leave out without a report.
        strict: raise at the first broken plugin.

    Raises:
        PluginError: a plugin is broken and ``strict`` is set, a folder does not exist, or
            ``disable`` has an unknown name.
    """
    paths = [Path(folder) for folder in folders]
    check_folders(paths)
    registry = Registry()
    manager = pluggy.PluginManager(hookspecs.PROJECT)
    manager.add_hookspecs(hookspecs)
    found: dict[str, Plugin] = {}
    for plugin, load in find_plugins(paths):
        first = found.setdefault(plugin.name, plugin)
        if _is_disabled(plugin.name, disable):
            continue
        problem = ""
        try:
            if first is not plugin:
                raise PluginError(
                    f"its name is taken by the plugin in {first.location}: rename one of them"
                )
            _register(registry, manager, plugin, load)
        except PluginError as error:
            problem = f"plugin {plugin.name!r} ({plugin.location}) is left out: {error}"
        except (Exception, SystemExit) as error:
            problem = (
                f"plugin {plugin.name!r} ({plugin.location}) is left out because it raises; "
                f"correct it or list it under plugins.disable:\n{short_traceback(error)}"
            )
        if problem and strict:
            raise PluginError(problem)
        registry.plugins.append(replace(plugin, problem=problem))
    for name in disable:
        if not any(_is_disabled(plugin, [name]) for plugin in found):
            raise PluginError(unknown("plugin in plugins.disable", name, found))
    return registry


def _is_disabled(plugin: str, disable: Sequence[str]) -> bool:
    """Return whether ``disable`` names a plugin or a group that it is in."""
    return any(plugin == name or plugin.startswith(f"{name}.") for name in disable)


def _register(
    registry: Registry, manager: pluggy.PluginManager, plugin: Plugin, load: Import
) -> None:
    """Import one plugin and add its specs; add nothing if anything is wrong with it."""
    module = load()
    manager.register(module, name=plugin.name)
    try:
        _check_hooks(module)
        collected = {hook: _specs(manager, module, hook) for hook in HOOKS}
    except BaseException:
        manager.unregister(module)
        raise
    for hook, specs in collected.items():
        location = {
            name: entry.plugin.location for name, entry in registry.registered_by(hook).items()
        }
        for spec in specs:
            if spec.name in location:
                kind = hook.removeprefix("register_").removesuffix("s")
                raise PluginError(
                    f"the {kind} {spec.name!r} is registered already by {location[spec.name]}: "
                    "give it another name"
                )
            location[spec.name] = plugin.location
            _check_comparable(spec, plugin)
    for hook, specs in collected.items():
        registry.registered_by(hook).update({spec.name: Registered(spec, plugin) for spec in specs})


def _check_hooks(module: ModuleType) -> None:
    """Raise PluginError for hooks that are misspelt, lack their decorator, or are missing."""
    implemented = 0
    for name, value in inspect.getmembers(module, inspect.isfunction):
        decorated = hasattr(value, f"{hookspecs.PROJECT}_impl")
        implemented += decorated
        if decorated and name not in HOOKS:
            raise PluginError(unknown("hook", name, HOOKS))
        if name in HOOKS and not decorated:
            raise PluginError(f"{name} lacks its decorator: write @priorbench.hookimpl above it")
    if not implemented:
        raise PluginError(f"it implements no hook; there are: {', '.join(HOOKS)}")


def _specs(manager: pluggy.PluginManager, module: ModuleType, hook: str) -> list[Spec]:
    """Call one hook of one plugin and return the specs that it yields."""
    others = [other for other in manager.get_plugins() if other is not module]
    results: list[Any] = manager.subset_hook_caller(hook, remove_plugins=others)()
    if any(isinstance(result, Spec) for result in results):
        raise PluginError(f"{hook} must yield its specs; it returns one")
    specs = [spec for result in results for spec in result]
    for spec in specs:
        if not isinstance(spec, HOOKS[hook]):
            raise PluginError(
                f"{hook} must yield {HOOKS[hook].__name__}, not {type(spec).__name__}"
            )
    return specs


def _check_comparable(spec: Spec, plugin: Plugin) -> None:
    """Raise PluginError if a change of what a spec computes could go unnoticed."""
    try:
        describe_factory(spec.factory)
    except ValueError as error:
        raise PluginError(f"{spec.name!r}: {error}") from error
    plugin.data_files(spec)
