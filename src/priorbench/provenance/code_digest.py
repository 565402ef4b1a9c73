"""What a Python file does, as a digest, and what it needs.

Comments, docstrings, layout, the registering hooks (labels, summaries, resources) and descriptions
of parameters are left out of the digest.

Parsing all files of the library and of the plugins takes half a second, and each job of a run needs
them, several times on a cluster. So the results are cached by the files' content.
"""

from __future__ import annotations

import ast
import hashlib
import re
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from priorbench.provenance.cache import Cache

CACHE = Cache("code.json", maximum=5000)
FILE_NAME = re.compile(r"[\w-][\w./-]{0,98}\.\w{1,12}")
"""A string of a program that may name a file beside it."""


@dataclass(frozen=True)
class CodeDigest:
    """A Python file.

    Args:
        sha256: of what it does; of its bytes if it is not valid Python.
        imports: the modules that it imports anywhere, as written: relative ones start with dots.
            ``from a import b`` gives both ``a`` and ``a.b``, as ``b`` may be a module.
        names: strings in it that may be names of files.
        dynamic: whether it imports modules by names that are computed.
    """

    sha256: str
    imports: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    dynamic: bool = False


def code_digest(path: Path) -> CodeDigest:
    """Return what a Python file does and needs.

    Raises:
        OSError: the file can't be read.
    """
    data = path.read_bytes()
    key = hashlib.sha256(_version() + data).hexdigest()
    known = CACHE.get(key)
    if known is None:
        digest = _analyse(data)
        CACHE.put(key, [digest.sha256, digest.imports, digest.names, digest.dynamic])
        return digest
    sha256, imports, names, dynamic = known
    return CodeDigest(sha256, tuple(imports), tuple(names), dynamic)


@cache
def _version() -> bytes:
    """What else a digest depends on: this file, and Python, whose syntax trees differ."""
    return f"{sys.version_info}".encode() + Path(__file__).read_bytes()


def _analyse(data: bytes) -> CodeDigest:
    try:
        tree = _Significant().visit(ast.parse(data))
    except (SyntaxError, ValueError):  # ValueError: null bytes.
        return CodeDigest(hashlib.sha256(data).hexdigest())
    needs = _Needs()
    needs.visit(tree)
    return CodeDigest(
        hashlib.sha256(ast.dump(tree).encode()).hexdigest(),
        tuple(sorted(needs.imports)),
        tuple(sorted(needs.names)),
        needs.dynamic,
    )


class _Significant(ast.NodeTransformer):
    """Drops docstrings, hook implementations and descriptions."""

    def _without_docstring(self, node: Any) -> Any:
        self.generic_visit(node)
        if ast.get_docstring(node, clean=False) is not None:
            node.body = node.body[1:] or [ast.Pass()]
        return node

    visit_Module = _without_docstring
    visit_ClassDef = _without_docstring

    def visit_FunctionDef(self, node: ast.FunctionDef) -> Any:
        decorators = [ast.unparse(decorator) for decorator in node.decorator_list]
        if any(decorator.endswith("hookimpl") for decorator in decorators):
            return None
        return self._without_docstring(node)

    def visit_Call(self, node: ast.Call) -> Any:
        ignored = {"description", "title"}
        node.keywords = [keyword for keyword in node.keywords if keyword.arg not in ignored]
        return self.generic_visit(node)


class _Needs(ast.NodeVisitor):
    """Collects imports, also those inside functions, and strings that may name files."""

    def __init__(self) -> None:
        self.imports: set[str] = set()
        self.names: set[str] = set()
        self.dynamic = False

    def visit_If(self, node: ast.If) -> None:
        if ast.unparse(node.test) in ("TYPE_CHECKING", "typing.TYPE_CHECKING"):
            # Such imports don't happen when the program runs.
            for statement in node.orelse:
                self.visit(statement)
            return
        self.generic_visit(node)

    def visit_Import(self, node: ast.Import) -> None:
        self.imports.update(alias.name for alias in node.names)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        module = "." * node.level + (node.module or "")
        separator = "" if module.endswith(".") else "."
        self.imports.add(module)
        self.imports.update(f"{module}{separator}{alias.name}" for alias in node.names)

    def visit_Call(self, node: ast.Call) -> None:
        called = ast.unparse(node.func)
        if called.endswith(("import_module", "__import__", "run_path", "run_module")):
            self.dynamic = True
        self.generic_visit(node)

    def visit_Constant(self, node: ast.Constant) -> None:
        if isinstance(node.value, str) and FILE_NAME.fullmatch(node.value):
            self.names.add(node.value)
