"""Any folder of images. Light: lists files and opens none."""

from __future__ import annotations

import os
import re
from fnmatch import fnmatchcase
from pathlib import Path

from pydantic import Field

from priorbench.data.image_names import natural_key, safe_names
from priorbench.specs import Parameters

SUFFIXES = (
    "png",
    "jpg",
    "jpeg",
    "tif",
    "tiff",
    "bmp",
    "gif",
    "webp",
    "avif",
    "heic",
    "heif",
    "jp2",
    "j2k",
    "jxl",
)
"""Of the formats that are read; whether a file is of one of them, its content decides."""


class FolderParameters(Parameters):
    """Which files of a folder are the images."""

    path: str = Field(
        description="The folder; $VARIABLES and ~ are expanded. "
        "A relative path starts where the command is run."
    )
    pattern: tuple[str, ...] = Field(
        tuple(f"*.{suffix}" for suffix in SUFFIXES),
        description="Patterns of the files to take, such as '*.png' or 'test*/*.tif', "
        "upper and lower case alike. One with a slash is matched against the path inside the "
        "folder, others against the file's name.",
    )
    recursive: bool = Field(
        False, description="Whether to look into the folders inside the folder."
    )


def images(parameters: FolderParameters) -> dict[str, Path | None]:
    """List the images by a safe name, in natural order. Hidden files are left out.

    Raises:
        ValueError: the folder does not exist, is no folder, holds no image, or a variable in its
            path is not set.
    """
    return images_in(expand(parameters.path), parameters)


def images_in(folder: Path, parameters: FolderParameters) -> dict[str, Path | None]:
    """List the images of a folder, whatever the path among the parameters; see :func:`images`."""
    if not folder.exists():
        raise ValueError(f"the folder {folder} does not exist")
    if not folder.is_dir():
        raise ValueError(f"{folder} is not a folder")
    found = folder.rglob("*") if parameters.recursive else folder.iterdir()
    files = [path.relative_to(folder) for path in found if path.is_file()]
    files = [file for file in files if not _hidden(file) and _matches(file, parameters.pattern)]
    if not files:
        inside = " or the folders inside it" if parameters.recursive else ""
        raise ValueError(
            f"the folder {folder}{inside} holds no image matching {', '.join(parameters.pattern)}"
        )
    files.sort(key=lambda file: (natural_key(file.as_posix().casefold()), file.as_posix()))
    return {name: folder / file for name, file in zip(safe_names(files), files, strict=True)}


def passed_over(parameters: FolderParameters) -> list[str]:
    """List files in the folder that are no images of the data set, and folders not searched.

    Hidden files are left out.
    """
    return passed_over_in(expand(parameters.path), parameters)


def passed_over_in(folder: Path, parameters: FolderParameters) -> list[str]:
    """List what is passed over in a given folder; see :func:`passed_over`."""
    found = folder.rglob("*") if parameters.recursive else folder.iterdir()
    rest = []
    for path in found:
        file = path.relative_to(folder)
        if _hidden(file) or (path.is_file() and _matches(file, parameters.pattern)):
            continue
        if not path.is_dir():
            rest.append(file.as_posix())
        elif not parameters.recursive:
            rest.append(f"{file.as_posix()}/")
    return sorted(rest, key=natural_key)


def expand(path: str) -> Path:
    """Return ``path`` with ``~``, ``$NAME`` and ``${NAME}`` expanded.

    Raises:
        ValueError: a variable is not set or empty.
    """

    def value(match: re.Match[str]) -> str:
        name = match[1] or match[2]
        text = os.environ.get(name, "")
        if not text:
            raise ValueError(f"the environment variable {name} in the path {path!r} is not set")
        return text

    return Path(re.sub(r"\$(?:(\w+)|\{(\w+)\})", value, path)).expanduser()


def _hidden(file: Path) -> bool:
    return any(part.startswith(".") for part in file.parts)


def _matches(file: Path, patterns: tuple[str, ...]) -> bool:
    return any(
        fnmatchcase((file.as_posix() if "/" in pattern else file.name).lower(), pattern.lower())
        for pattern in patterns
    )
