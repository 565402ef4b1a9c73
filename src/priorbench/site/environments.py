"""Where the numbers were measured."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from priorbench.store.files import read_json

if TYPE_CHECKING:
    from priorbench.store.layout import Layout


@dataclass(frozen=True)
class Environment:
    """A machine and what was installed on it.

    Args:
        id: of the record.
        python: version.
        cpu: the processor's name.
        cores: how many.
        threads: of a job.
        platform: the system.
        gpus: their names.
        commit: of the checkout, followed by ``with changes`` if files differed; empty outside of
            one.
        packages: name → version.
    """

    id: str
    python: str
    cpu: str
    cores: int
    threads: int
    platform: str
    gpus: list[str]
    commit: str
    packages: Mapping[str, str]


def environments_of(layout: Layout, names: Iterable[str]) -> list[Environment]:
    """Return the environments with these ids; one whose record is missing is passed over."""
    found = []
    for name in sorted(set(names)):
        with suppress(OSError, ValueError, KeyError, TypeError):
            found.append(_environment(name, read_json(layout.environment(name))))
    return found


def _environment(name: str, record: Mapping[str, Any]) -> Environment:
    git = record["git"]
    return Environment(
        id=name,
        python=record["python"],
        cpu=record["cpu"],
        cores=record["cores"],
        threads=record["threads"],
        platform=record["platform"],
        gpus=record["gpus"],
        commit=f"{git['commit']}{' with changes' if git['dirty'] else ''}" if git else "",
        packages=record["packages"],
    )
