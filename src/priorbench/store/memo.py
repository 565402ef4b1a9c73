"""Results of computations, kept to be used again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from priorbench.store.files import file_sha256, read_json, write_json


class Memo:
    """A JSON record of a finished computation: the key of its inputs and the checksums of its
    files.

    It is used again only if the key is the same and the files are whole. No memo is a rule's
    output, so it outlives a job that is sent again, whose outputs Snakemake removes first.

    Args:
        path: the JSON file.
        key: a fingerprint of all that the computation depends on.
        files: what it wrote.
    """

    def __init__(self, path: Path, key: str, files: Sequence[Path] = ()) -> None:
        self.path, self._key, self._files = path, key, files

    def recall(self) -> dict[str, Any] | None:
        """Return what was kept, or None if the computation has to be done."""
        try:
            record: dict[str, Any] = read_json(self.path)
            if record["key"] == self._key and record["sha256"] == self.checksums():
                return record
        except (OSError, ValueError, KeyError, TypeError):
            pass
        return None

    def keep(self, **content: Any) -> None:
        """Record that the computation is done, with what else is to be known of it."""
        record = {"key": self._key, "sha256": self.checksums(), **content}
        write_json(self.path, record, durable=False)

    def checksums(self) -> dict[str, str]:
        """Return the checksums of the files, by their names."""
        return {file.name: file_sha256(file) for file in self._files}


def recorded_checksums(path: Path) -> Mapping[str, str]:
    """Return the checksums in a memo, by the names of the files.

    Raises:
        ValueError: the file is not a memo.
    """
    try:
        checksums = read_json(path)["sha256"]
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"{path} is not the record of a result: {error}") from error
    if not isinstance(checksums, dict):
        raise ValueError(f"{path} was written by an earlier version")
    return checksums
