"""The registry of the standard data sets. Light: opens no image and no connection."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, ClassVar, Literal

from pydantic import Field

from priorbench.errors import unknown
from priorbench.specs import Parameters


@dataclass(frozen=True, kw_only=True)
class RegisteredFile:
    """One file of the registry.

    Args:
        set: the folder it lies in, for example ``"bsds500_train"``.
        image: its name in the data set.
        file: where it lies in the cache or in the folder of ``PRIORBENCH_DATA``.
        sha256: the checksum of its content.
        height: pixels; 0 for what is no image.
        width: pixels; 0 for what is no image.
        channels: 1 or 3; 0 for what is no image.
        repository: ``owner/name``; empty if the file is in no repository.
        commit: the commit, in full.
        path: the file in the repository.
        origin: the photograph, the same for every version of it.
    """

    set: str
    image: str
    file: str
    sha256: str
    height: int
    width: int
    channels: int
    repository: str
    commit: str
    path: str
    origin: str


class StandardParameters(Parameters):
    """Parameters of a standard data set. The class says which one it is."""

    folder: ClassVar[str]

    def set_name(self) -> str:
        """Return the set's name in the registry."""
        return self.folder


class BSD68Parameters(StandardParameters):
    """BSD68 has none."""

    folder = "bsd68"


class CBSD68Parameters(StandardParameters):
    """CBSD68 has none."""

    folder = "cbsd68"


class Set5Parameters(StandardParameters):
    """Set5 has none."""

    folder = "set5"


class Set12Parameters(StandardParameters):
    """Set12 has none."""

    folder = "set12"


class Set14Parameters(StandardParameters):
    """Set14 has none."""

    folder = "set14"


class Kodak24Parameters(StandardParameters):
    """Kodak24 has none."""

    folder = "kodak24"


class BSDS500Parameters(StandardParameters):
    """Which part of BSDS500."""

    split: Literal["train", "val", "test"] = Field("train", description="200, 100 or 200 images.")

    def set_name(self) -> str:
        """Return the set's name in the registry."""
        return f"bsds500_{self.split}"


class DIPParameters(StandardParameters):
    """Which images of the Deep Image Prior's experiments."""

    group: Literal["color9", "gray11"] = Field("gray11", description="9 colour or 11 gray images.")

    def set_name(self) -> str:
        """Return the set's name in the registry."""
        return self.group


@cache
def registry() -> Mapping[str, Mapping[str, RegisteredFile]]:
    """Return all files that are known, by set and name, in order."""
    sets: dict[str, dict[str, RegisteredFile]] = {}
    with files("priorbench.data").joinpath("registry.csv").open("r", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            numbers = {name: int(row[name]) for name in ("height", "width", "channels")}
            values: dict[str, Any] = {**row, **numbers}
            sets.setdefault(row["set"], {})[row["image"]] = RegisteredFile(**values)
    return sets


def entries(name: str) -> Mapping[str, RegisteredFile]:
    """Return the files of a set by the name of the image.

    Raises:
        ValueError: there is no such set.
    """
    sets = registry()
    if name not in sets:
        raise ValueError(unknown("data set", name, sets))
    return sets[name]


def sizes(parameters: StandardParameters) -> dict[str, tuple[int, int]]:
    """Return height and width of each image of a set."""
    return {
        name: (entry.height, entry.width) for name, entry in entries(parameters.set_name()).items()
    }


def images(parameters: StandardParameters) -> dict[str, Path | None]:
    """List the images of a set. Checksums fix their content, so no file is watched."""
    return dict.fromkeys(entries(parameters.set_name()))


def origins(parameters: StandardParameters) -> dict[str, str]:
    """Return the photograph that each image of a set comes from."""
    return {image: entry.origin for image, entry in entries(parameters.set_name()).items()}
