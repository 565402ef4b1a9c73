"""What a factory of a spec is, in words that are the same in every process."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import PurePath
from typing import Any

ADVICE = (
    "write an import string ('.module:attribute'), a class or a function at the top level of the "
    "module, or functools.partial of one of these with numbers, strings and lists of them"
)


def describe_factory(factory: str | Callable[..., Any]) -> Any:
    """Return a description of a factory, as JSON, that holds all that its code doesn't say.

    Args:
        factory: an import string, a class or function that can be imported, a class method, or a
            ``functools.partial`` of one of them with plain arguments.

    Raises:
        ValueError: it is anything else, whose content can't be compared between processes.
    """
    if isinstance(factory, str):
        return factory
    if isinstance(factory, functools.partial):
        return {
            "partial": describe_factory(factory.func),
            "args": [_plain(value) for value in factory.args],
            "keywords": {name: _plain(value) for name, value in factory.keywords.items()},
        }
    module = getattr(factory, "__module__", "")
    name = getattr(factory, "__qualname__", "")
    if not name or _imported(module, name) != factory:
        raise ValueError(
            f"the factory {factory!r} can't be compared between runs, so a change of it would go "
            f"unnoticed: {ADVICE}"
        )
    return f"{module}:{name}"


def factory_modules(factory: str | Callable[..., Any]) -> list[str]:
    """Return the modules that a factory lies in; a relative one starts with a dot."""
    if isinstance(factory, str):
        return [factory.partition(":")[0]]
    if isinstance(factory, functools.partial):
        values = [*factory.args, *factory.keywords.values()]
        functions = [factory.func, *(value for value in values if callable(value))]
        return [module for function in functions for module in factory_modules(function)]
    return [factory.__module__]


def _imported(module: str, name: str) -> Any:
    """Return what an import of ``name`` from ``module`` gives, or None."""
    found: Any = sys.modules.get(module)
    for part in name.split("."):
        found = getattr(found, part, None)
    return found


def _plain(value: Any) -> Any:
    """Return a value as JSON that tells apart what Python tells apart.

    Raises:
        ValueError: the value is not plain data.
    """
    if value is None or isinstance(value, bool | int | float | str):
        return [type(value).__name__, repr(value)]
    if isinstance(value, PurePath):
        return ["path", str(value)]
    if isinstance(value, Mapping):
        items = [[_plain(key), _plain(item)] for key, item in value.items()]
        return ["mapping", sorted(items, key=repr)]
    if isinstance(value, set | frozenset):
        return ["set", sorted((_plain(item) for item in value), key=repr)]
    if isinstance(value, Sequence) and not isinstance(value, bytes | bytearray):
        return [type(value).__name__, [_plain(item) for item in value]]
    if callable(value):
        return ["callable", describe_factory(value)]
    raise ValueError(
        f"the argument {value!r:.60} of a factory can't be compared between runs, so a change of "
        f"it would go unnoticed: {ADVICE}"
    )
