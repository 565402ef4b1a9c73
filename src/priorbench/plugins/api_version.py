"""Which version of the library's interface a plugin asks for: it is read before any of its code."""

from __future__ import annotations

import ast
from pathlib import Path

from priorbench import API_VERSION, __version__
from priorbench.plugins.registry import PluginError

NAME = "PRIORBENCH_API_VERSION"
"""What a plugin's module sets to the version that it asks for; without it, it fits every one."""


def check_api_version(file: Path) -> None:
    """Raise PluginError if a plugin asks for another version than :data:`priorbench.API_VERSION`.

    The file is not imported: where the interface is another one, its imports may fail first.

    Args:
        file: the module that registers the plugin's specs.
    """
    source = file.read_bytes()
    if NAME.encode() not in source:
        return
    try:
        statements = ast.parse(source).body
    except SyntaxError:  # The import says it better.
        return
    for statement in statements:
        if isinstance(statement, ast.Assign) and ast.unparse(statement.targets[0]) == NAME:
            _compare(ast.unparse(statement.value))


def _compare(asked: str) -> None:
    if not asked.isdecimal():
        raise PluginError(f"{NAME} must be a whole number such as {API_VERSION}, not {asked}")
    if int(asked) != API_VERSION:
        newer = int(asked) > API_VERSION
        todo = "install a newer priorbench" if newer else "adapt it, or install an older priorbench"
        raise PluginError(
            f"it asks for version {asked} of the plugin interface ({NAME}), and priorbench "
            f"{__version__} has version {API_VERSION}: {todo}"
        )
