"""Files of the standard data sets: from a folder, the cache or the network; verified."""

from __future__ import annotations

import os
import re
import time
from pathlib import Path
from urllib.parse import quote

import pooch
import requests

from priorbench.data.catalogue import RegisteredFile, entries
from priorbench.errors import MachineError
from priorbench.store.files import cache_folder, file_sha256

MIRROR = "https://raw.githubusercontent.com"
ATTEMPTS = 3
PAUSE = 1.0
"""Seconds before the second attempt; each further pause is twice as long."""
TIMEOUT = 30.0
"""Seconds without an answer after which an attempt has failed."""

_HINT = (
    "Try again later; or run 'priorbench datasets fetch' where there is a network, "
    "copy its cache here and set PRIORBENCH_DATA to it"
)


def fetch(entry: RegisteredFile) -> Path:
    """Return a file of the registry whose content has the right checksum; see :func:`location`.

    With ``PRIORBENCH_DATA`` nothing is downloaded. Otherwise what the cache lacks is; a file enters
    the cache by a rename after its checksum was found right, so that any number of processes may
    fetch it at once.

    Raises:
        UnavailableError: the file is missing, altered or can't be had; the message says which,
            whence and what to do.
    """
    return _from_folder(entry) if data_folder() else _from_network(entry)


def needed(name: str) -> list[RegisteredFile]:
    """Return the files of a set. Of the kernels there are two forms, and one is enough.

    Raises:
        ValueError: there is no such set.
    """
    known, folder = list(entries(name).values()), data_folder()
    if name != "kernels":
        return known
    at_hand = [entry for entry in known if folder and (folder / entry.file).exists()]
    return at_hand[:1] or [entry for entry in known if entry.repository]


def location(entry: RegisteredFile) -> Path:
    """Return a file's place: below ``PRIORBENCH_DATA`` if that is set, else in the cache."""
    return (data_folder() or cache_folder()) / entry.file


def data_folder() -> Path | None:
    """Return the folder of ``PRIORBENCH_DATA``; None if that is not set or empty."""
    text = os.environ.get("PRIORBENCH_DATA", "")
    return Path(text).expanduser() if text else None


def address(entry: RegisteredFile) -> str:
    """Return the address of a file: at its commit, below ``PRIORBENCH_MIRROR`` or GitHub."""
    base = (os.environ.get("PRIORBENCH_MIRROR", "") or MIRROR).rstrip("/")
    return f"{base}/{entry.repository}/{entry.commit}/{quote(entry.path)}"


def _without_password(text: str) -> str:
    """Return a message for a log: without the names and passwords that addresses hold."""
    return re.sub(r"//[^/\s]*@", "//", text)


def _from_folder(entry: RegisteredFile) -> Path:
    path = location(entry)
    remedy = (
        f"Get it from {_without_password(address(entry))}, or"
        if entry.repository
        else "Restore it, or"
    )
    remedy = f"{remedy} unset PRIORBENCH_DATA to have the set downloaded"
    try:
        found = file_sha256(path)
    except FileNotFoundError:
        raise UnavailableError(
            f"PRIORBENCH_DATA holds no {entry.file}: {path} does not exist. {remedy}"
        ) from None
    except OSError as error:
        raise UnavailableError(
            f"{path}, below PRIORBENCH_DATA, can't be read: {error.strerror}. {remedy}"
        ) from error
    if found != entry.sha256:
        raise UnavailableError(
            f"{path} was altered: its SHA-256 is {found}, not {entry.sha256}. {remedy}"
        )
    return path


def _from_network(entry: RegisteredFile) -> Path:
    path, source = location(entry), address(entry)
    for attempt in range(1, ATTEMPTS + 1):
        try:
            return _retrieve(entry, path, source)
        except (requests.RequestException, _WrongContentError) as error:
            if attempt == ATTEMPTS or not _may_pass(error):
                times = "" if attempt == 1 else f" in {attempt} attempts"
                reason = f"{entry.file} can't be downloaded from {source}{times}: {_reason(error)}"
                # Not "from error": its traceback, which is logged, would show the address as it is.
                raise UnavailableError(_without_password(f"{reason}. {_advice(error)}")) from None
            time.sleep(PAUSE * 2 ** (attempt - 1))
        except OSError as error:
            place = f"{path} can't be kept in the cache: {error.strerror or error}"
            raise UnavailableError(
                f"{place}. Set PRIORBENCH_CACHE to a folder that can be written"
            ) from error
    raise AssertionError("the last attempt returns or raises")


class UnavailableError(MachineError, ValueError):
    """A file of a standard data set is unavailable: the job fails and is tried again."""


class _WrongContentError(Exception):
    """What was downloaded has another checksum."""


def _retrieve(entry: RegisteredFile, path: Path, source: str) -> Path:
    """Have pooch look into the cache and, if need be, download; it verifies both."""
    pooch.get_logger().setLevel("WARNING")
    downloader = pooch.HTTPDownloader(timeout=TIMEOUT)
    try:
        kept = pooch.retrieve(
            source,
            known_hash=f"sha256:{entry.sha256}",
            fname=path.name,
            path=path.parent,
            downloader=downloader,
            processor=_readable,
        )
    except requests.RequestException:
        raise
    except ValueError as error:
        raise _WrongContentError(f"its content has not the SHA-256 {entry.sha256}") from error
    return Path(kept)


def _readable(file: str, action: str, _: object) -> str:
    """Let others read what was downloaded: it begins as a temporary file of the owner alone."""
    if action != "fetch":
        Path(file).chmod(0o644)
    return file


def _may_pass(error: Exception) -> bool:
    """Whether another attempt could succeed: not if the address is wrong."""
    status = _status(error)
    if status:
        return status >= 500 or status in (408, 429)
    # A wrong address is a ValueError as well as a RequestException.
    return not isinstance(error, ValueError)


def _status(error: Exception) -> int:
    """Return the status with which the server refused; 0 if that isn't what happened."""
    if isinstance(error, requests.HTTPError) and error.response is not None:
        return error.response.status_code
    return 0


def _reason(error: Exception) -> str:
    """Return the error in one line."""
    if status := _status(error):
        return f"the server answered {status}"
    if isinstance(error, requests.Timeout):
        return f"no answer within {TIMEOUT:g} s"
    if isinstance(error, requests.exceptions.ChunkedEncodingError):
        return "the transfer was cut off"
    text = " ".join(str(error).split())
    return f"no connection ({text})" if isinstance(error, requests.ConnectionError) else text


def _advice(error: Exception) -> str:
    if not _may_pass(error) and os.environ.get("PRIORBENCH_MIRROR"):
        return (
            "PRIORBENCH_MIRROR must be an address that serves "
            "<repository>/<commit>/<path> as GitHub does"
        )
    if isinstance(error, _WrongContentError):
        return f"A proxy may have answered in its place. {_HINT}"
    return _HINT
