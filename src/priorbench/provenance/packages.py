"""Versions of installed packages, by the names that programs import them by."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterable
from functools import cache
from importlib.metadata import PackageNotFoundError, packages_distributions, version

from priorbench.provenance.cache import Cache

CACHE = Cache("distributions.json", maximum=1000)


def versions(packages: Iterable[str]) -> dict[str, str]:
    """Return the versions of packages; ``""`` for one that is not installed.

    Args:
        packages: top-level names of imports, such as ``skimage``.
    """
    found = {package: _version(package) for package in sorted(packages)}
    CACHE.save()
    return found


@cache
def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        pass
    if importlib.util.find_spec(package) is None:
        return ""
    # A package of another name than its distribution. Reading all distributions takes a second.
    key = f"{sys.prefix} {package}"
    names = CACHE.get(key)
    if not names:
        names = sorted(set(packages_distributions().get(package, [])))
        CACHE.put(key, names)
    try:
        return ", ".join(f"{name} {version(name)}" for name in names)
    except PackageNotFoundError:  # The cache is older than the environment.
        CACHE.put(key, [])
        return _version.__wrapped__(package)
