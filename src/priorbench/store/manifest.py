"""The list of what a stage made: for each image, how it went and the checksum of its file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from priorbench.errors import StorageError
from priorbench.store.files import file_sha256, read_json, write_json
from priorbench.store.outcome import Outcome


@dataclass(frozen=True)
class Entry:
    """One image of a manifest.

    Args:
        outcome: how it went.
        sha256: of the file that was made; empty if none was.
        shape: (C, H, W) of the image; empty if none was made.
    """

    outcome: Outcome
    sha256: str = ""
    shape: tuple[int, ...] = ()


def write_manifest(path: Path, entries: dict[str, Entry], about: dict[str, Any]) -> None:
    """Write a manifest, with what it is ``about``, atomically."""
    images = {
        name: {"sha256": entry.sha256, "shape": list(entry.shape), **entry.outcome.as_dict()}
        for name, entry in entries.items()
    }
    write_json(path, {"about": about, "images": images})


def read_manifest(path: Path) -> dict[str, Entry]:
    """Read the entries of a manifest.

    Raises:
        ValueError: the file is not a manifest.
    """
    data = read_json(path)
    try:
        return {
            name: Entry(Outcome.from_dict(item), item["sha256"], tuple(item["shape"]))
            for name, item in data["images"].items()
        }
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ValueError(f"{path} is not a manifest: {error}") from error


def check_file(path: Path, sha256: str) -> None:
    """Refuse a file that is not what was written.

    Args:
        path: the file.
        sha256: the checksum that was recorded when it was written.

    Raises:
        StorageError: it is missing, cut off or changed.
    """
    try:
        damage = (
            "damaged: its checksum is not the recorded one" if file_sha256(path) != sha256 else ""
        )
    except FileNotFoundError:
        damage = "missing"
    if damage:
        raise StorageError(
            f"{path} is {damage}; 'priorbench verify --repair' has it made again by the next run"
        )


def read_about(path: Path) -> dict[str, Any]:
    """Read what a manifest is about.

    Raises:
        ValueError: the file is not a manifest.
    """
    about = read_json(path).get("about")
    if not isinstance(about, dict):
        raise ValueError(f"{path} is not a manifest: it does not say what it is about")
    return about
