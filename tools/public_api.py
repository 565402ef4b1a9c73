"""The public API as data: ``python tools/public_api.py`` writes tests/api/public.json.

A module is public if it has ``__all__``, and its API is what this names. A test compares it with
the file. An addition needs the file written again; a break needs a new ``API_VERSION`` and a line
in CHANGELOG.md as well.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeAlias

import griffe

ROOT = Path(__file__).parents[1]
SNAPSHOT = ROOT / "tests" / "api" / "public.json"
PACKAGE = "priorbench"

Api: TypeAlias = dict[str, dict[str, Any]]
"""By the path of each public module, what it holds by name, as griffe writes it."""

LEFT_OUT = ("lineno", "annotation", "default", "returns")
"""Keys that are not written where they are empty."""

CALLED = frozenset({"__init__", "__call__", "__enter__", "__exit__", "__iter__", "__len__"})
"""Methods that are used without their names being written."""


def public_modules(sources: Path = ROOT / "src") -> Iterator[griffe.Module]:
    """Yield the modules with ``__all__``, read without importing them.

    Args:
        sources: the folder that the package lies in.
    """
    loaded = griffe.load(
        PACKAGE, search_paths=[sources], resolve_aliases=True, resolve_external=False
    )
    assert isinstance(loaded, griffe.Module)
    yield from _with_exports(loaded)


def public_api(sources: Path = ROOT / "src") -> Api:
    """Return the public API of a version of the package."""
    return {module.path: _members(module) for module in public_modules(sources)}


def breaks(old: Api, new: Api) -> list[str]:
    """Return what a user of the old API has to change for the new one, one sentence each."""
    found = []
    for path, module in old.items():
        if path not in new:
            found.append(f"{path}: the module is not public any more")
            continue
        pair = _loaded(path, module), _loaded(path, new[path])
        for breakage in griffe.find_breaking_changes(*pair):
            change = f"{_in_words(breakage.old_value)} → {_in_words(breakage.new_value)}"
            found.append(f"{breakage.obj.path}: {breakage.kind.value}: {change}")
    return found


def read_snapshot(file: Path = SNAPSHOT) -> Api:
    """Return the API that was written."""
    api: Api = json.loads(file.read_text(encoding="utf-8"))
    return api


def text_of(api: Api) -> str:
    """Return the API as it is written: each object of a module on a line of its own."""
    modules = []
    for path, module in sorted(api.items()):
        members = ",\n".join(f"{_json(name)}: {_json(each)}" for name, each in module.items())
        modules.append(f"{_json(path)}: {{\n{members}\n}}")
    return "{\n" + ",\n".join(modules) + "\n}\n"


def resolved(member: griffe.Object | griffe.Alias) -> griffe.Object | None:
    """Return what a name stands for; None for what is imported from another package."""
    try:
        return member.final_target if isinstance(member, griffe.Alias) else member
    except griffe.AliasResolutionError:
        return None


def members_of(kind: griffe.Class) -> Iterator[tuple[str, griffe.Object]]:
    """Yield the public members of a class by their names, inherited ones too."""
    for name, member in kind.all_members.items():
        target = resolved(member)
        if target is not None and (name in CALLED or not name.startswith("_")):
            yield name, target


def _with_exports(module: griffe.Module) -> Iterator[griffe.Module]:
    if module.exports is not None:
        yield module
    for child in module.modules.values():
        if isinstance(child, griffe.Module):
            yield from _with_exports(child)


def _members(module: griffe.Module) -> dict[str, Any]:
    members = {}
    for name in sorted(str(name) for name in module.exports or ()):
        target = resolved(module.members[name])
        # A module that bears the name of a function is described in its own place.
        if target is not None and not target.is_module:
            members[name] = _described(name, target)
    return members


def _described(name: str, target: griffe.Object) -> dict[str, Any]:
    """Return an object as griffe writes it, with code as text, and without places and docstrings.

    So the file changes when the API does, and not otherwise.
    """
    data: dict[str, Any] = {"kind": target.kind.value, "name": name}
    match target:
        case griffe.Class():
            data["bases"] = [str(base) for base in target.bases]
            data["members"] = {name: _described(name, each) for name, each in members_of(target)}
        case griffe.Function():
            data["returns"] = _code(target.returns)
            data["parameters"] = [_parameter(each) for each in target.parameters]
        case griffe.Attribute():
            data["annotation"] = _code(target.annotation)
    return {key: value for key, value in data.items() if value is not None}


def _parameter(parameter: griffe.Parameter) -> dict[str, Any]:
    data = {
        "name": parameter.name,
        "kind": parameter.kind.value if parameter.kind else None,
        "annotation": _code(parameter.annotation),
        "default": _code(parameter.default),
    }
    return {key: value for key, value in data.items() if value is not None}


def _code(expression: object) -> str | None:
    return None if expression is None else str(expression)


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _loaded(path: str, members: dict[str, Any]) -> griffe.Module:
    """Return a module as griffe compares it."""
    module = {"kind": "module", "name": path, "exports": list(members), "members": members}
    return griffe.Module.from_json(json.dumps(_completed(module)))


def _completed(data: dict[str, Any]) -> dict[str, Any]:
    """Return an object's description with all keys that griffe expects."""
    complete = {**dict.fromkeys(LEFT_OUT), **data}
    if "members" in data:
        complete["members"] = {name: _completed(each) for name, each in data["members"].items()}
    if "parameters" in data:
        complete["parameters"] = [_completed(each) for each in data["parameters"]]
    return complete


def _in_words(value: object) -> str:
    if isinstance(value, griffe.Parameter):
        return value.name
    return getattr(value, "name", None) or str(value)


def main() -> None:
    """Write the snapshot, and print what it breaks of the last one."""
    api = public_api()
    if SNAPSHOT.exists():
        for line in breaks(read_snapshot(), api):
            print(f"break: {line}")
    SNAPSHOT.parent.mkdir(exist_ok=True)
    SNAPSHOT.write_text(text_of(api), encoding="utf-8")
    print(f"{SNAPSHOT.relative_to(ROOT)}: {len(api)} modules")


if __name__ == "__main__":
    main()
