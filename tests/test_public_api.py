"""A module is public if it has ``__all__``; plugins import nothing else of the library."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

import priorbench

ROOT = Path(__file__).parents[1]
PACKAGE = Path(priorbench.__file__).parent
FOLDERS = ("plugins", "docs/examples", "examples")
AUTHORS = [file for folder in FOLDERS for file in sorted((ROOT / folder).rglob("*.py"))]


@cache
def parsed(file: Path) -> ast.Module:
    return ast.parse(file.read_text())


def file_of(module: str) -> Path | None:
    """The file of a module of the library."""
    place = PACKAGE.joinpath(*module.split(".")[1:])
    files = (place.with_suffix(".py"), place / "__init__.py")
    return next((file for file in files if file.is_file()), None)


def public(file: Path) -> list[str] | None:
    """What a module's ``__all__`` holds, None without one."""
    for node in parsed(file).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
            names: list[str] = ast.literal_eval(node.value)
            return names
    return None


def imports(file: Path) -> Iterator[tuple[str, str]]:
    """Yield module and name of each import of the library, inside functions too."""
    for node in ast.walk(parsed(file)):
        if isinstance(node, ast.Import):
            yield from ((each.name, "") for each in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield from ((str(node.module), each.name) for each in node.names)


def is_documented(file: Path, name: str) -> bool:
    """Whether a file defines a name, functions and classes with a docstring, or imports one."""
    for node in parsed(file).body:
        match node:
            case ast.FunctionDef() | ast.ClassDef() if node.name == name:
                return ast.get_docstring(node) is not None
            case (
                ast.Assign(targets=[ast.Name(id=found)]) | ast.AnnAssign(target=ast.Name(id=found))
            ):
                if found == name:
                    return True
            case ast.ImportFrom(module=str(module)) if any(
                (each.asname or each.name) == name for each in node.names
            ):
                source = file_of(module)
                original = next(e.name for e in node.names if (e.asname or e.name) == name)
                return source is not None and is_documented(source, original)
    return False


@pytest.mark.parametrize("file", AUTHORS, ids=lambda file: str(file.relative_to(ROOT)))
def test_plugins_and_examples_import_only_what_is_public(file: Path) -> None:
    for module, name in imports(file):
        if module.partition(".")[0] != "priorbench":
            continue
        source = file_of(module)
        assert source is not None, f"there is no module {module}"
        assert name in (public(source) or ()), f"{module} does not declare {name or 'anything'}"


PUBLIC = {file: names for file in sorted(PACKAGE.rglob("*.py")) if (names := public(file))}


@pytest.mark.parametrize("file", PUBLIC, ids=lambda file: str(file.relative_to(PACKAGE)))
def test_what_is_public_is_documented_and_listed_once(file: Path) -> None:
    names = PUBLIC[file]
    assert len(set(names)) == len(names)
    assert [name for name in names if not is_documented(file, name)] == []


def test_there_are_files_to_look_at() -> None:
    assert len(AUTHORS) > 80
    assert len(PUBLIC) > 30
