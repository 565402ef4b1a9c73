"""The libraries that are kept in the repository are those that are pinned, and no other files."""

import base64
import hashlib
import io
import tarfile
from pathlib import Path

import pytest

from tools import update_site_libraries as tool

ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize("library", tool.LIBRARIES, ids=lambda library: library.package)
def test_the_files_are_those_that_are_pinned(library):
    for file, checksum in library.files.items():
        assert hashlib.sha256(library.target(file).read_bytes()).hexdigest() == checksum, file
    kept = {path for path in (ROOT / library.folder).rglob("*") if path.is_file()}
    assert kept == {library.target(file) for file in library.files}
    assert "LICENSE" in library.files


def test_the_site_has_no_other_library():
    vendor = ROOT / "src/priorbench/site/assets/vendor"
    assert {path.name for path in vendor.iterdir()} == {
        Path(library.folder).name
        for library in tool.LIBRARIES
        if (ROOT / library.folder).parent == vendor
    }


def archive(**files):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        for name, content in files.items():
            entry = tarfile.TarInfo(f"package/{name}")
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()


def test_an_archive_other_than_the_pinned_one_is_refused():
    [library, *_] = tool.LIBRARIES
    with pytest.raises(ValueError, match=r"SHA-512 .*, not "):
        tool.unpack(library, archive(LICENSE=b"anything"))


def test_a_file_other_than_the_pinned_one_is_refused():
    content = archive(LICENSE=b"mine")
    digest = base64.b64encode(hashlib.sha512(content).digest()).decode()
    pinned = tool.Library("a", "1", digest, "nowhere", {"LICENSE": "0" * 64})
    with pytest.raises(ValueError, match=r"LICENSE of .* has the SHA-256"):
        tool.unpack(pinned, content)
    right = tool.Library(
        "a", "1", digest, "nowhere", {"LICENSE": hashlib.sha256(b"mine").hexdigest()}
    )
    assert tool.unpack(right, content) == {"LICENSE": b"mine"}


def test_nothing_is_written_when_one_archive_is_wrong(monkeypatch, tmp_path):
    monkeypatch.setattr(tool, "ROOT", tmp_path)
    monkeypatch.setattr(tool, "download", lambda library: b"no archive")
    with pytest.raises(ValueError, match="SHA-512"):
        tool.main()
    assert not list(tmp_path.iterdir())
