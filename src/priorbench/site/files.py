"""The files of the site: copied, written, and removed when they belong to nothing."""

from __future__ import annotations

import os
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path
from typing import Any

from pydantic_core import to_json

from priorbench.store.files import write_atomically


def copy(source: Path, target: Path) -> None:
    """Copy a file, atomically.

    Raises:
        OSError: the source can't be read, or the disk is full.
    """
    write_atomically(target, source.read_bytes(), durable=False)


def write_data(path: Path, key: str, data: Any) -> None:
    """Write data as a script that hands it to the page: pages of files may not fetch any.

    Args:
        path: the file.
        key: what the page asks for the data with.
        data: plain values and dataclasses; what is not finite is null.
    """
    content = b"PRIORBENCH.put(%s, %s)\n" % (to_json(key), to_json(data, inf_nan_mode="null"))
    write_atomically(path, content, durable=False)


def remove_others(folder: Path, kept: Collection[Path]) -> None:
    """Remove every file below a folder that is not among the ``kept``, and folders left empty."""
    wanted = set(map(os.fspath, kept))
    for parent, folders, files in os.walk(folder, topdown=False):
        for name in files:
            path = os.path.join(parent, name)  # noqa: PTH118 (of 100 000 files)
            if path not in wanted:
                os.unlink(path)  # noqa: PTH108
        for name in folders:
            with suppress(OSError):  # It is not empty.
                Path(parent, name).rmdir()
