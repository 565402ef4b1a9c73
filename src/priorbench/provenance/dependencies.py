"""The files that a module's behaviour depends on: the closure of its imports.

A module depends on all that it imports, at its top or inside a function, and on data files beside
it that it names in a string. The closure ends at :mod:`.neutral` modules and at installed packages,
of which only the names are collected.
"""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from priorbench.provenance.code_digest import CACHE as CODE_CACHE
from priorbench.provenance.code_digest import CodeDigest, code_digest
from priorbench.provenance.contents import content_digests
from priorbench.provenance.hashing import fingerprint
from priorbench.provenance.neutral import is_neutral

PACKAGE = Path(__file__).parents[1]
LIBRARY = "priorbench"


@dataclass(frozen=True)
class Dependencies:
    """What a piece of code depends on.

    Args:
        modules: digest of each Python module, by its name.
        data: SHA-256 of each data file, by the module that names it and its own name.
        packages: top-level names of installed packages that are imported.
    """

    modules: Mapping[str, str]
    data: Mapping[str, str]
    packages: frozenset[str]

    @property
    def fingerprint(self) -> str:
        """Of the modules and data files; not of the packages."""
        return fingerprint([self.modules, self.data])


class Packages:
    """Where the code lies that is followed: the library, plugins, and what is not installed.

    Args:
        places: package or module → its folder or file, besides the library's own.
    """

    def __init__(self, places: Mapping[str, Path]) -> None:
        self._places = {LIBRARY: PACKAGE, **places}
        # Most records need the same modules.
        self.read = cache(self._read)
        self._roots = {place.partition(".")[0] for place in self._places}

    def follows(self, module: str) -> bool:
        """Return whether a module's code is followed; else it is installed or built in."""
        root = module.partition(".")[0]
        return root in self._roots or bool(_local_sources(root))

    def _read(self, module: str) -> tuple[Path, CodeDigest] | None:
        """Return the file of a module and what it needs; None if there is no such module."""
        file = self._find(module)
        return (file, code_digest(file)) if file else None

    def _find(self, module: str) -> Path | None:
        parts = module.split(".")
        for end in range(len(parts), 0, -1):
            place = self._places.get(".".join(parts[:end]))
            if place is not None:
                return _file(place, parts[end:])
        files = (_file(place, parts[1:]) for place in _local_sources(parts[0]))
        return next((file for file in files if file), None)


def dependencies_of(
    modules: Iterable[str], packages: Packages, data_files: Mapping[str, Path] | None = None
) -> Dependencies:
    """Return what some modules depend on.

    Args:
        modules: absolute names of the modules to start from.
        packages: where their code lies.
        data_files: further files that they read, by any name.
    """
    waiting = [name for module in modules for name in _with_parents(module)]
    seen: set[str] = set()
    digests: dict[str, str] = {}
    data = dict(data_files or {})
    installed: set[str] = set()
    while waiting:
        module = waiting.pop()
        if module in seen:
            continue
        seen.add(module)
        if not packages.follows(module):
            installed.add(module.partition(".")[0])
            continue
        found = packages.read(module)
        if found is None:  # An attribute of a module, or a package without code of its own.
            continue
        file, digest = found
        digests[module] = digest.sha256
        package = module if file.name == "__init__.py" else module.rpartition(".")[0]
        for name in _imports(digest, package, file):
            waiting += _with_parents(name)
        data |= _named_files(digest, module, file)
    CODE_CACHE.save()
    contents = content_digests(data.values())
    named = {name: contents[str(file)] for name, file in data.items()}
    return Dependencies(digests, named, frozenset(installed - sys.stdlib_module_names))


@cache
def library_packages() -> frozenset[str]:
    """Return the installed packages that the library itself imports."""
    own = [file for file in PACKAGE.rglob("*.py") if PACKAGE / "shipped" not in file.parents]
    files = [code_digest(file) for file in own]
    CODE_CACHE.save()
    names = {name.partition(".")[0] for digest in files for name in digest.imports}
    return frozenset(names - sys.stdlib_module_names - {LIBRARY, ""})


def _imports(digest: CodeDigest, package: str, file: Path) -> list[str]:
    """Return the absolute names of what a file imports."""
    found = [_absolute(name, package) for name in digest.imports]
    if digest.dynamic:
        # It may import any module beside it, by a name that is computed.
        found += _modules_in(file.parent, package)
    return [name for name in found if name]


def _absolute(name: str, package: str) -> str:
    if not name.startswith("."):
        return name
    try:
        return importlib.util.resolve_name(name, package)
    except ImportError:  # It has more dots than the package has parents.
        return ""


def _modules_in(folder: Path, package: str) -> list[str]:
    files = [file.relative_to(folder).with_suffix("") for file in sorted(folder.rglob("*.py"))]
    importable = [file for file in files if all(part.isidentifier() for part in file.parts)]
    return [".".join([package, *file.parts]).removesuffix(".__init__") for file in importable]


def _with_parents(module: str) -> list[str]:
    """Return a module and the packages around it, whose code runs at its import."""
    parts = module.split(".")
    names = [".".join(parts[:end]) for end in range(1, len(parts) + 1)]
    return [name for name in names if not is_neutral(name)]


def _named_files(digest: CodeDigest, module: str, file: Path) -> dict[str, Path]:
    beside = {name: file.parent / name for name in digest.names}
    return {
        f"{module}/{name}": path
        for name, path in beside.items()
        if path.suffix != ".py" and path.is_file()
    }


def _file(place: Path, parts: list[str]) -> Path | None:
    """Return the file of a module inside a package's folder; a file is a package of its own."""
    if place.is_file():
        return place if not parts else None
    candidates = [place.joinpath(*parts, "__init__.py")]
    if parts:
        candidates.append(place.joinpath(*parts[:-1], f"{parts[-1]}.py"))
    return next((file for file in candidates if file.is_file()), None)


@cache
def _local_sources(package: str) -> list[Path]:
    """Return where a package lies that is imported but not installed, as somebody's own code.

    Its version, if it has one, says nothing about its content; so it is followed like a plugin.
    The built-in plugins are followed also where the library is installed with them.
    """
    if package in sys.stdlib_module_names:
        return []
    try:
        spec = importlib.util.find_spec(package)
    except (ImportError, ValueError):
        return []
    if spec is None or spec.origin in ("built-in", "frozen"):
        return []
    places = [Path(place) for place in spec.submodule_search_locations or [spec.origin or ""]]
    return [place for place in places if place.exists() and not _is_installed(place)]


def _is_installed(place: Path) -> bool:
    folders = {"site-packages", "dist-packages"}
    return bool(folders.intersection(place.parts)) and not place.is_relative_to(PACKAGE)
