import hashlib
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from priorbench.provenance import contents
from priorbench.provenance.cache import Cache
from priorbench.provenance.contents import content_digests


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PRIORBENCH_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(contents, "CACHE", Cache("contents.json", maximum=100))
    # Files of a test have just been written.
    monkeypatch.setattr(contents, "RECENT_NS", 0)


def digest(file: Path) -> str:
    (found,) = content_digests([file]).values()
    return found


def copy_over(file: Path, other: Path) -> None:
    shutil.copy2(other, file)


def move_over(file: Path, other: Path) -> None:
    other.replace(file)


def rewrite_with_the_same_time(file: Path, other: Path) -> None:
    about = file.stat()
    file.write_bytes(other.read_bytes())
    os.utime(file, ns=(about.st_atime_ns, about.st_mtime_ns))


@pytest.mark.parametrize("replace", [copy_over, move_over, rewrite_with_the_same_time])
@pytest.mark.parametrize("content", [b"other", b"longer than before"])
def test_a_replaced_file_is_noticed_also_if_the_new_one_is_older(
    tmp_path: Path, replace: Callable[[Path, Path], None], content: bytes
) -> None:
    file, other = tmp_path / "image.png", tmp_path / "other.png"
    file.write_bytes(b"first")
    other.write_bytes(content)
    os.utime(other, (1e9, 1e9))
    assert digest(file) == hashlib.sha256(b"first").hexdigest()
    replace(file, other)
    assert digest(file) == hashlib.sha256(content).hexdigest()


def test_a_file_that_is_as_it_was_is_not_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "image.png"
    file.write_bytes(b"content")
    expected = digest(file)
    monkeypatch.setattr(contents, "CACHE", Cache("contents.json", maximum=100))
    monkeypatch.setattr(contents, "file_sha256", lambda path: pytest.fail("it is in the cache"))
    assert digest(file) == expected


def test_a_file_of_this_moment_is_read_again_as_it_may_change_within_a_tick_of_the_clock(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(contents, "RECENT_NS", 10**18)
    file = tmp_path / "image.png"
    file.write_bytes(b"first")
    version = file.stat()
    assert digest(file) == hashlib.sha256(b"first").hexdigest()
    file.write_bytes(b"other")
    # A file system whose clock ticks slowly reports the same.
    monkeypatch.setattr(Path, "stat", lambda path, **_: version)
    assert digest(file) == hashlib.sha256(b"other").hexdigest()


def test_a_missing_file_has_no_digest_and_gets_one_when_it_is_there(tmp_path: Path) -> None:
    file = tmp_path / "image.png"
    assert digest(file) == "missing"
    file.write_bytes(b"content")
    assert digest(file) == hashlib.sha256(b"content").hexdigest()
