"""Files that are either whole or absent."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import stat
import tempfile
from pathlib import Path
from typing import Any

import platformdirs


def cache_folder() -> Path:
    """Return the folder of ``PRIORBENCH_CACHE``, else the user's cache."""
    text = os.environ.get("PRIORBENCH_CACHE", "")
    return Path(text).expanduser() if text else Path(platformdirs.user_cache_dir("priorbench"))


def write_atomically(path: Path, content: bytes | str, *, durable: bool = True) -> None:
    """Write ``content`` to a temporary name beside ``path``, then rename it.

    A reader never sees a part of it, and a failure (a full disk, a kill) leaves what was there.
    Missing folders are made.

    Args:
        path: the file.
        content: bytes, or text to be written as UTF-8.
        durable: whether to wait until the disk has it, so that it outlasts a power failure. That
            takes 10 ms, and what has its checksum elsewhere can do without: a file that was lost
            is noticed.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    # The name of a file that is no UTF-8 reaches messages as surrogates; in JSON this writes their
    # escape.
    data = content.encode(errors="backslashreplace") if isinstance(content, str) else content
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".partial")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            if durable:
                os.fsync(file.fileno())
        Path(temporary).chmod(0o666 & ~_umask())
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def link(source: Path, target: Path) -> None:
    """Make ``target`` a hard link to ``source``, or a copy where the file system has no such links.

    Either is as old as the source, and a reader sees the old file or the new one. Only for files
    that are replaced and never written into.

    Raises:
        OSError: the source can't be read, or the disk is full.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    # A link can't replace a file: it gets a name of its own first, as a file that is written does.
    temporary = target.with_name(f".{target.name}.{os.getpid()}.partial")
    temporary.unlink(missing_ok=True)
    try:
        try:
            os.link(source, temporary)
        except OSError:
            shutil.copy2(source, temporary)
        temporary.replace(target)
    finally:
        # Of two links to one file the system leaves both.
        temporary.unlink(missing_ok=True)


def write_json(path: Path, value: Any, *, durable: bool = True) -> None:
    """Write ``value`` as indented JSON; see :func:`write_atomically`."""
    text = json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False)
    write_atomically(path, f"{text}\n", durable=durable)


def write_rows(path: Path, rows: list[dict[str, Any]]) -> None:
    """Write one JSON object a line, atomically, and as the last line their checksum."""
    text = "".join(json.dumps(row, ensure_ascii=False, allow_nan=False) + "\n" for row in rows)
    body = text.encode(errors="backslashreplace")
    write_atomically(path, sealed(body))


def read_json(path: Path) -> Any:
    """Read a JSON file.

    Raises:
        ValueError: the file is not JSON; the message names it.
    """
    try:
        return json.loads(Path(path).read_text(encoding="utf-8"))
    except ValueError as error:
        raise ValueError(f"{path} is not valid JSON: {error}") from error


def read_rows(path: Path) -> list[dict[str, Any]]:
    """Read a file that ``write_rows`` wrote.

    Raises:
        ValueError: the file was cut off or changed, or a line is not JSON; the message names
            the file.
    """
    body = read_sealed(path)
    try:
        # Not splitlines: JSON leaves U+2028 and others, at which it would split, as they are.
        return [json.loads(line) for line in body.decode().split("\n") if line]
    except ValueError as error:
        raise ValueError(f"{path} is not valid JSON lines: {error}") from error


def read_sealed(path: Path) -> bytes:
    """Return the lines of a file that ``write_rows`` wrote, without the last one, which is their
    checksum.

    Raises:
        ValueError: the file was cut off or changed; the message names it.
    """
    content = Path(path).read_bytes()
    body = content[: -len(sealed(b""))]
    if content != sealed(body):
        raise ValueError(
            f"{path} is cut off or damaged: its last line is not the checksum of those before; "
            "'priorbench verify --repair' has it made again by the next run"
        )
    return body


def sealed(body: bytes) -> bytes:
    """Return lines with the last line that ``read_sealed`` wants: their checksum."""
    return body + b'{"sha256": "%s"}\n' % hashlib.sha256(body).hexdigest().encode()


def read_at_most(path: Path, limit: int) -> bytes:
    """Return the content of a file, unless it is larger than ``limit`` bytes or has no end, as a
    device.

    Raises:
        ValueError: the file is too large, or is a device or a pipe; the message names it.
        OSError: the file can't be opened.
    """
    about = Path(path).stat()
    if not stat.S_ISREG(about.st_mode) and not stat.S_ISDIR(about.st_mode):
        raise ValueError(f"{path} is a device or a pipe, not a file")
    if about.st_size > limit:
        raise ValueError(f"{path} has {about.st_size} bytes, more than the limit of {limit}")
    return Path(path).read_bytes()


def file_sha256(path: Path) -> str:
    """Return the SHA-256 of a file's content, in hexadecimal."""
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
