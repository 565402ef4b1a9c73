"""Fingerprints: a result is computed again exactly when something that it depends on has changed.

Python files are compared by what they do: comments, docstrings, layout, the registering hooks (labels,
summaries, resources) and descriptions of parameters don't count.
"""

from __future__ import annotations

import ast
import hashlib
import json
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path
from typing import Any

PACKAGE = Path(__file__).parent
NUMERICAL = (
    "types.py",
    "problem.py",
    "priors.py",
    "patches.py",
    "tiles.py",
    "threads.py",
    "operators",
    "solvers",
    "networks",
)
IGNORED_SUFFIXES = {".md", ".rst", ".pyc"}


def fingerprint(value: Any) -> str:
    """Return 16 hexadecimal digits of the SHA-256 of a JSON value, independent of the order of keys."""
    return hashlib.sha256(json.dumps(value, sort_keys=True, default=str).encode()).hexdigest()[:16]


def factory_name(factory: str | Callable[..., Any]) -> str:
    """Return a name for a record's factory that is the same in every process."""
    if isinstance(factory, str):
        return factory
    kind = factory if hasattr(factory, "__qualname__") else type(factory)
    return f"{kind.__module__}:{kind.__qualname__}"


@cache
def library_fingerprint() -> str:
    """Return the fingerprint of the numerical part of this library."""
    return files_fingerprint(PACKAGE / name for name in NUMERICAL)


def files_fingerprint(paths: Iterable[Path], leave_out: str = "") -> str:
    """Return the fingerprint of files and, through folders, of all files in them.

    Names count relative to the path given, so moving a folder changes nothing.

    Args:
        paths: files and folders.
        leave_out: name of a folder directly in one of these folders that doesn't count.
    """
    digests: dict[str, str] = {}
    for path in paths:
        files = [path] if path.is_file() else sorted(p for p in path.rglob("*") if _counts(p, path, leave_out))
        for file in files:
            name = f"{path.name}/{file.relative_to(path)}" if path.is_dir() else path.name
            digests[name] = hashlib.sha256(_content(file)).hexdigest()
    return fingerprint(digests)


def _counts(path: Path, folder: Path, leave_out: str) -> bool:
    parts = path.relative_to(folder).parts
    hidden = parts[0] == leave_out or any(part.startswith(".") or part == "__pycache__" for part in parts)
    return path.is_file() and not hidden and path.suffix not in IGNORED_SUFFIXES


def _content(path: Path) -> bytes:
    """Return a file's bytes or, for Python, its syntax tree without what changes no result."""
    data = path.read_bytes()
    if path.suffix != ".py":
        return data
    try:
        tree = _Meaning().visit(ast.parse(data))
    except SyntaxError:
        return data
    return ast.dump(tree).encode()


class _Meaning(ast.NodeTransformer):
    """Drop docstrings, hook implementations and descriptions."""

    def _without_docstring(self, node: Any) -> Any:
        self.generic_visit(node)
        if ast.get_docstring(node, clean=False) is not None:
            node.body = node.body[1:] or [ast.Pass()]
        return node

    visit_Module = _without_docstring
    visit_ClassDef = _without_docstring

    def visit_FunctionDef(self, node: ast.FunctionDef) -> Any:
        if any(ast.unparse(decorator).endswith("hookimpl") for decorator in node.decorator_list):
            return None
        return self._without_docstring(node)

    def visit_Call(self, node: ast.Call) -> Any:
        node.keywords = [word for word in node.keywords if word.arg not in {"description", "title"}]
        return self.generic_visit(node)
