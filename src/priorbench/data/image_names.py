"""Names of images that are safe as part of a path, on a command line and in a table."""

from __future__ import annotations

import hashlib
import os
import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from pathlib import PurePath

LONGEST = 80


def safe_names(files: Sequence[PurePath]) -> list[str]:
    """Return a name for each file: letters, digits and ``. _ -`` only, none twice.

    The name is the path without its suffix, accents dropped, other characters as ``-``. Too long a
    name is cut and names that would be equal, on file systems that ignore case too, all get a hash
    of their path, so that the result does not depend on the order.

    Args:
        files: paths relative to their folder, all different.
    """
    names = [_slug(file) for file in files]
    while repeated := {
        name for name, count in Counter(map(str.casefold, names)).items() if count > 1
    }:
        names = [
            f"{name}-{_digest(file)}" if name.casefold() in repeated else name
            for name, file in zip(names, files, strict=True)
        ]
    return names


def natural_key(text: str) -> list[tuple[bool, int, str]]:
    """Return a sort key for which ``image2`` comes before ``image10``."""
    parts = re.findall(r"[0-9]+|[^0-9]+", text)
    return [
        (False, int(part), "") if part[0] in "0123456789" else (True, 0, part) for part in parts
    ]


def _slug(file: PurePath) -> str:
    text = (
        unicodedata.normalize("NFKD", str(file.with_suffix(""))).encode("ascii", "ignore").decode()
    )
    name = re.sub(r"[^A-Za-z0-9._]+", "-", text).strip("._-")
    if not name:
        return f"image-{_digest(file)}"
    return name if len(name) <= LONGEST else f"{name[: LONGEST - 9].rstrip('._-')}-{_digest(file)}"


def _digest(file: PurePath) -> str:
    return hashlib.sha256(os.fsencode(file.as_posix())).hexdigest()[:8]
