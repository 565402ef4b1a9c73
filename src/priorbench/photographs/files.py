"""Which photographs are restored, and which files are written: checked before any work."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from priorbench.data.export import BITS, check_suffix
from priorbench.data.folder import FolderParameters, images_in, passed_over_in
from priorbench.data.image_names import safe_names


@dataclass(frozen=True)
class Photographs:
    """Files by a safe name for each.

    Args:
        files: the photographs.
        passed_over: what lies in a folder and is no image.
    """

    files: dict[str, Path]
    passed_over: list[str]


def photographs(paths: Sequence[Path]) -> Photographs:
    """Return the photographs among files and folders.

    Raises:
        ValueError: a folder holds no image.
    """
    files, rest = list[Path](), list[str]()
    for path in paths:
        if path.is_dir():
            parameters = FolderParameters(path=str(path))
            files += [file for file in images_in(path, parameters).values() if file is not None]
            rest += passed_over_in(path, parameters)
        else:
            files.append(path)
    files = list(dict.fromkeys(files))
    names = [safe_names([Path(file.name)])[0] for file in files]
    if len({name.casefold() for name in names}) < len(names):
        names = safe_names(files)
    return Photographs(dict(zip(names, files, strict=True)), rest)


@dataclass(frozen=True)
class Target:
    """A file, or a folder of files, that pictures are written to.

    Args:
        path: what was named.
        is_folder: whether each photograph gets a file of its own in it.
        suffix: of the files in it.
    """

    path: Path
    is_folder: bool
    suffix: str

    @classmethod
    def of(cls, path: Path, many: bool, suffix: str, bits: int | None) -> Target:
        """Return the target at a path: a folder if it is one, or has no suffix of a picture.

        Raises:
            ValueError: many pictures would go to one file, or the file can't have its suffix or
                bits.
        """
        folder = _is_folder(path)
        if path.suffix.lower() in BITS and not folder:
            if many:
                raise ValueError(f"several photographs need a folder, and {path} names one file")
            check_suffix(path, bits)
            return cls(path, False, path.suffix)
        if path.suffix and not folder and not many:
            check_suffix(path, bits)
        check_suffix(path / f"x{suffix}", bits)
        return cls(path, True, suffix)

    def file(self, photograph: str, prior: str = "") -> Path:
        """Return the file of a photograph; ``prior`` tells those of several priors apart."""
        ending = f"-{prior}" if prior else ""
        if self.is_folder:
            return self.path / f"{photograph}{ending}{self.suffix}"
        return self.path.with_name(f"{self.path.stem}{ending}{self.suffix}")


def check_outputs(outputs: Sequence[Path], inputs: Iterable[Path], force: bool) -> None:
    """Raise unless outputs can be written, are different files, and no inputs, unless forced.

    Files are compared, not names: a link, another case or another path to an input is the input.

    Raises:
        ValueError: two outputs are one file, or an output is an input.
        OSError: an output can't be written.
    """
    seen: dict[str, Path] = {}
    given = [path for path in inputs if path.exists()]
    for path in outputs:
        _check_writable(path)
        twin = seen.setdefault(os.path.normcase(path.resolve()), path)
        if twin is not path:
            raise ValueError(f"{path} would be written twice: give each picture a name of its own")
        same = next((one for one in given if path.exists() and path.samefile(one)), None)
        if same is not None and not force:
            raise ValueError(f"{path} is the input {same}, which --force alone overwrites")


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:
        # For example a name that is too long; _check_writable says so.
        return False


def _check_writable(path: Path) -> None:
    """Raise OSError unless a file can be made at a path, whose folder may be missing."""
    try:
        if path.is_dir():
            raise IsADirectoryError(f"{path} is a folder; name a file")
        folder = path.parent
        while not folder.exists():
            folder = folder.parent
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise OSError(f"{path} can't be written: {error.strerror or error}") from None
