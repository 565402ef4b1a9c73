"""What Python files do, as digests: comments, docstrings, layout, the registering hooks (labels, summaries, resources)
and descriptions of parameters don't count.

Reading all files of the library and of the plugins takes half a second, and each job of a run reads them, several
times on a cluster. So digests are remembered between processes by the files' content.
"""

from __future__ import annotations

import ast
import hashlib
import json
import sys
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

from priorbench.files import cache_folder, write_atomically

MOST = 5000
"""So many digests are remembered; with more the file is begun anew."""
_new: dict[str, str] = {}


def meaning_digest(path: Path) -> str:
    """Return the SHA-256 of what a Python file does; of the bytes of another file, or of one that is no Python."""
    data = path.read_bytes()
    if path.suffix != ".py":
        return hashlib.sha256(data).hexdigest()
    key = hashlib.sha256(_own() + data).hexdigest()
    known = _remembered().get(key) or _new.get(key)
    if known is None:
        known = _new[key] = hashlib.sha256(_meaning(data)).hexdigest()
    return known


def remember() -> None:
    """Keep the digests that were not known yet. Where nothing can be written the next process reads the files again."""
    if not _new:
        return
    kept = _remembered()
    if len(kept) + len(_new) > MOST:
        kept.clear()
    kept.update(_new)
    _new.clear()
    with suppress(OSError):
        write_atomically(_file(), json.dumps(kept))


def _file() -> Path:
    return cache_folder() / "meaning.json"


@cache
def _own() -> bytes:
    """What a digest depends on beside the file: this one, and Python, whose syntax trees differ."""
    return f"{sys.version_info}".encode() + Path(__file__).read_bytes()


@cache
def _remembered() -> dict[str, str]:
    with suppress(OSError, ValueError):
        found = json.loads(_file().read_text(encoding="utf-8"))
        if isinstance(found, dict):
            return found
    return {}


def _meaning(data: bytes) -> bytes:
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
