"""The record of where numbers were measured."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import re
import subprocess
from collections.abc import Iterable, Mapping
from contextlib import suppress
from functools import cache
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from typing import Any

from priorbench.store.files import read_json, write_json


def describe_environment(
    threads: int | None = None, packages: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """Return what measurements depend on beside the code of an experiment.

    Nothing in it tells one node of a cluster from an equal one, so equal machines share a record.

    Args:
        threads: processor threads of the job; by default ``OMP_NUM_THREADS``, else the number
            of cores.
        packages: versions of further packages, those that plugins import.

    Returns:
        python, packages (name → version), platform, cpu, cores, threads, gpus and git (commit and
        whether tracked files differ from it or there are Python files that are not tracked; None
        outside a checkout of priorbench).
    """
    cores = os.cpu_count() or 1
    return {
        "python": platform.python_version(),
        "packages": {**_packages(), **(packages or {})},
        "platform": platform.platform(),
        "cpu": _cpu(),
        "cores": cores,
        "threads": threads or int(os.environ.get("OMP_NUM_THREADS") or cores),
        "gpus": _gpus(),
        "git": _git(Path(__file__).parents[1]),
    }


def environment_id(record: dict[str, Any]) -> str:
    """Return the first 12 hexadecimal digits of the SHA-256 of the record as canonical JSON."""
    text = json.dumps(record, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def write_environment(
    folder: Path, threads: int | None = None, packages: Mapping[str, str] | None = None
) -> str:
    """Write ``<folder>/<id>.json`` unless it is there, atomically, and return the id.

    Args:
        folder: the experiment's folder of environments.
        threads: see :func:`describe_environment`.
        packages: see :func:`describe_environment`.
    """
    record = describe_environment(threads, packages)
    name = environment_id(record)
    path = Path(folder) / f"{name}.json"
    if not path.exists():
        write_json(path, record)
    return name


def environment_notes(folder: Path, environments: Iterable[str]) -> list[str]:
    """Return what to say under a table whose rows come from different environments.

    Args:
        folder: the experiment's folder of environments.
        environments: ids in the table's rows; one whose record is missing is passed over.
    """
    records = []
    for name in sorted(set(environments)):
        with suppress(OSError, ValueError):
            records.append(read_json(Path(folder) / f"{name}.json"))
    named = {
        "Python": [record["python"] for record in records],
        "processor": [record["cpu"] for record in records],
        "GPU": [", ".join(record["gpus"]) for record in records],
        **{
            package: [record["packages"].get(package, "") for record in records]
            for package in sorted({name for record in records for name in record["packages"]})
        },
    }
    mixed = []
    for name, values in named.items():
        # A package that one plugin brought along later is not another version of it.
        different = sorted(set(values) - {""})
        if len(different) > 1:
            mixed.append(f"{name} {', '.join(different)}")
    if not mixed:
        return []
    return [f"Mixed environments: rows of this table were computed with {'; '.join(mixed)}."]


@cache
def _packages() -> Mapping[str, str]:
    """Return the versions of what priorbench requires, and its own.

    Raises:
        RuntimeError: one of them is not installed.
    """
    names = ["priorbench"]
    try:
        for requirement in requires("priorbench") or []:
            if "extra ==" not in requirement and (match := re.match(r"[\w.-]+", requirement)):
                names.append(match.group())
        return {name: version(name) for name in sorted(names)}
    except PackageNotFoundError as error:
        raise RuntimeError(
            f"the package {error.name} is not installed; run: pip install -e ."
        ) from error


def _cpu() -> str:
    information = Path("/proc/cpuinfo")
    if information.exists():
        match = re.search(r"^model name\s*:\s*(.+)$", information.read_text(), flags=re.MULTILINE)
        if match:
            return match.group(1)
    if platform.system() == "Darwin":
        return _output("sysctl", "-n", "machdep.cpu.brand_string") or platform.machine()
    return platform.processor() or platform.machine()


def _gpus() -> list[str]:
    """Return the models of the NVIDIA GPUs; asking the driver's files needs no torch."""
    texts = [
        path.read_text() for path in sorted(Path("/proc/driver/nvidia/gpus").glob("*/information"))
    ]
    return [match.group(1) for text in texts if (match := re.search(r"Model:\s*(.+)", text))]


def _git(folder: Path) -> dict[str, Any] | None:
    """Return the state of the checkout that ``folder`` is tracked in.

    An installed copy may lie inside somebody else's repository, in a virtual environment; there its
    files are not tracked.
    """
    git = ("git", "--no-optional-locks", "-C", str(folder))
    if _output(*git, "ls-files", "--error-unmatch", "__init__.py") is None:
        return None
    commit = _output(*git, "rev-parse", "HEAD")
    changes = _output(*git, "status", "--porcelain", "--untracked-files=no")
    # Plugins that nobody has added yet; other new files, such as results, change no code.
    new = _output(*git, "ls-files", "--others", "--exclude-standard", "--", ":/*.py")
    if commit is None or changes is None or new is None:
        return None
    return {"commit": commit, "dirty": bool(changes or new)}


def _output(*command: str) -> str | None:
    try:
        result = subprocess.run(command, capture_output=True, text=True, timeout=20)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return result.stdout.strip() if result.returncode == 0 else None
