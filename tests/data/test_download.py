"""Downloads from a real server on this machine: every way in which they go wrong, and two processes
at once.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from priorbench.data import download
from priorbench.data.catalogue import RegisteredFile
from priorbench.store.files import cache_folder

CONTENT = bytes(range(256)) * 400
FETCH = """
import json, sys
from priorbench.data.catalogue import RegisteredFile
from priorbench.data.download import fetch
print(fetch(RegisteredFile(**json.loads(sys.argv[1]))))
"""


def entry(content: bytes = CONTENT, **changes: str) -> RegisteredFile:
    values = {
        "repository": "owner/name",
        "commit": "c0ffee",
        "path": "images/a photo.png",
        "origin": "photo",
    } | changes
    sha = hashlib.sha256(content).hexdigest()
    shape = {"height": 4, "width": 4, "channels": 1}
    return RegisteredFile(
        set="photos", image="photo", file="photos/photo.png", sha256=sha, **shape, **values
    )


class Server(ThreadingHTTPServer):
    """Answers in the ways of `answers`, one after another; the last for ever."""

    daemon_threads = True
    answers: list[str]
    requests: list[str]
    begun: threading.Event
    barrier: threading.Barrier

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        self.server.requests.append(self.path)
        answer = (
            self.server.answers.pop(0) if len(self.server.answers) > 1 else self.server.answers[0]
        )
        if answer.isdecimal():
            self.send_error(int(answer))
            return
        if answer == "silence":
            time.sleep(1.5)
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(CONTENT)))
        self.end_headers()
        if answer == "other":
            self.wfile.write(b"x" * len(CONTENT))
        elif answer == "cut":
            self.wfile.write(CONTENT[:1000])
        elif answer in ("slow", "together"):
            if answer == "together":
                self.server.barrier.wait(60)
            for start in range(0, len(CONTENT), 4096):
                self.wfile.write(CONTENT[start : start + 4096])
                self.wfile.flush()
                self.server.begun.set()
                time.sleep(0.04)
        else:
            self.wfile.write(CONTENT)

    def log_message(self, *arguments: object) -> None:
        pass


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """A mirror, and an empty cache."""
    with Server(("127.0.0.1", 0), Handler) as running:
        running.answers, running.requests, running.begun = ["whole"], [], threading.Event()
        running.barrier = threading.Barrier(3)
        threading.Thread(target=running.serve_forever, daemon=True).start()
        monkeypatch.setenv("PRIORBENCH_MIRROR", f"{running.address}/")
        monkeypatch.setenv("PRIORBENCH_CACHE", str(tmp_path / "cache"))
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        monkeypatch.delenv("PRIORBENCH_DATA", raising=False)
        monkeypatch.setattr(download, "PAUSE", 0.0)
        yield running
        running.shutdown()


def failure(wanted: RegisteredFile) -> str:
    """Return the message of a fetch that fails; the file and the address are in it, and nothing is
    in the cache.
    """
    with pytest.raises(ValueError) as error:
        download.fetch(wanted)
    message = str(error.value)
    assert wanted.file in message and download.address(wanted) in message
    assert "\n" not in message
    assert [path for path in cache_folder().rglob("*") if path.is_file()] == []
    return message


def test_a_file_is_downloaded_once_and_kept(server: Server) -> None:
    path = download.fetch(entry())
    assert path.read_bytes() == CONTENT
    assert path == download.location(entry()) == cache_folder() / "photos" / "photo.png"
    assert path.stat().st_mode & 0o777 == 0o644
    assert download.fetch(entry()) == path
    assert server.requests == ["/owner/name/c0ffee/images/a%20photo.png"]
    assert [file.name for file in path.parent.iterdir()] == ["photo.png"]


@pytest.mark.parametrize(
    "answers", [["503", "whole"], ["429", "502", "whole"], ["cut", "whole"], ["other", "whole"]]
)
def test_what_may_pass_is_tried_again(server: Server, answers: list[str]) -> None:
    server.answers = list(answers)
    assert download.fetch(entry()).read_bytes() == CONTENT
    assert len(server.requests) == len(answers)


def test_a_file_that_is_not_there_is_asked_for_once(server: Server) -> None:
    server.answers = ["404"]
    message = failure(entry())
    assert "the server answered 404" in message and "PRIORBENCH_MIRROR must be" in message
    assert len(server.requests) == 1


def test_the_wrong_content_is_never_kept(server: Server) -> None:
    server.answers = ["other"]
    message = failure(entry())
    assert "in 3 attempts" in message and f"not the SHA-256 {entry().sha256}" in message
    assert "priorbench datasets fetch" in message
    assert len(server.requests) == 3


def test_a_transfer_that_is_always_cut_off_is_never_kept(server: Server) -> None:
    server.answers = ["cut"]
    assert "in 3 attempts: the transfer was cut off" in failure(entry())


def test_a_server_that_keeps_failing_is_named(server: Server) -> None:
    server.answers = ["500"]
    assert "in 3 attempts: the server answered 500" in failure(entry())


def test_a_server_that_says_nothing_is_not_waited_for_for_ever(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.answers = ["silence"]
    monkeypatch.setattr(download, "TIMEOUT", 0.2)
    start = time.monotonic()
    assert "no answer within 0.2 s" in failure(entry())
    assert time.monotonic() - start < 5


def test_without_a_network_the_error_says_what_to_do(server: Server) -> None:
    server.shutdown()
    server.server_close()
    message = failure(entry())
    assert "no connection" in message
    assert "priorbench datasets fetch" in message and "set PRIORBENCH_DATA" in message


@pytest.mark.parametrize("mirror", ["nowhere", "ftp://127.0.0.1", "http://"])
def test_a_mirror_that_is_no_address_is_named(
    server: Server, monkeypatch: pytest.MonkeyPatch, mirror: str
) -> None:
    monkeypatch.setenv("PRIORBENCH_MIRROR", mirror)
    message = failure(entry())
    assert "PRIORBENCH_MIRROR must be an address" in message and "attempts" not in message


def test_the_password_of_a_mirror_is_in_no_message(
    server: Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PRIORBENCH_MIRROR", "http://me:s3cret@127.0.0.1:1")
    monkeypatch.setattr(download, "ATTEMPTS", 1)
    for folder in ("", str(tmp_path)):
        monkeypatch.setenv("PRIORBENCH_DATA", folder)
        with pytest.raises(download.UnavailableError, match=r"127\.0\.0\.1") as caught:
            download.fetch(entry())
        assert "s3cret" not in "".join(traceback.format_exception(caught.value))


def test_what_was_altered_in_the_cache_is_downloaded_again(server: Server) -> None:
    path = download.fetch(entry())
    path.write_bytes(CONTENT[:100])
    assert download.fetch(entry()).read_bytes() == CONTENT
    path.write_bytes(CONTENT[:100])
    server.answers = ["500"]
    with pytest.raises(ValueError, match="can't be downloaded"):
        download.fetch(entry())


def test_a_cache_that_cannot_be_written_is_named(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("PRIORBENCH_CACHE", str(tmp_path / "file"))
    with pytest.raises(
        ValueError,
        match=r"photo\.png can't be kept in the cache: .*Set PRIORBENCH_CACHE to a folder",
    ):
        download.fetch(entry())


def start_fetching() -> subprocess.Popen[str]:
    arguments = [sys.executable, "-c", FETCH, json.dumps(dataclasses.asdict(entry()))]
    return subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@pytest.mark.slow
def test_processes_that_fetch_the_same_file_at_once_all_get_the_whole(server: Server) -> None:
    server.answers = ["together"]
    processes = [start_fetching() for _ in range(3)]
    path = download.location(entry())
    while any(process.poll() is None for process in processes):
        # Whoever looks at any time sees nothing or the whole.
        assert not path.exists() or path.read_bytes() == CONTENT
        time.sleep(0.01)
    for process in processes:
        output, errors = process.communicate()
        assert process.returncode == 0, errors
        assert Path(output.strip()).read_bytes() == CONTENT
    assert len(server.requests) == 3
    assert [file.name for file in path.parent.iterdir()] == ["photo.png"]


@pytest.mark.slow
def test_what_a_killed_process_left_behind_is_not_used(server: Server) -> None:
    server.answers = ["slow", "whole"]
    process = start_fetching()
    assert server.begun.wait(60)
    process.kill()
    process.communicate()
    assert not download.location(entry()).exists()
    assert download.fetch(entry()).read_bytes() == CONTENT


@pytest.fixture
def folder(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder that PRIORBENCH_DATA names, holding the file; nothing may be downloaded."""
    path = tmp_path / "data" / entry().file
    path.parent.mkdir(parents=True)
    path.write_bytes(CONTENT)
    monkeypatch.setenv("PRIORBENCH_DATA", str(tmp_path / "data"))
    yield path
    assert server.requests == []
    assert not cache_folder().exists()


def test_from_a_folder_nothing_is_downloaded(folder: Path) -> None:
    assert download.fetch(entry()) == folder


def test_a_file_that_the_folder_lacks_is_named(folder: Path) -> None:
    folder.unlink()
    message = failure(entry())
    assert f"PRIORBENCH_DATA holds no photos/photo.png: {folder} does not exist" in message
    assert "unset PRIORBENCH_DATA" in message


def test_an_altered_file_in_the_folder_is_named_and_kept(folder: Path) -> None:
    folder.write_bytes(CONTENT + b"!")
    message = failure(entry())
    assert f"{folder} was altered: its SHA-256 is " in message and entry().sha256 in message
    assert folder.read_bytes() == CONTENT + b"!"


def test_a_file_of_the_folder_that_cannot_be_read_is_named(folder: Path) -> None:
    folder.unlink()
    folder.mkdir()
    assert f"{folder}, below PRIORBENCH_DATA, can't be read" in failure(entry())


def test_an_empty_variable_counts_as_none(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PRIORBENCH_DATA", "")
    monkeypatch.setenv("PRIORBENCH_MIRROR", "")
    assert download.data_folder() is None
    assert download.address(entry()).startswith(
        "https://raw.githubusercontent.com/owner/name/c0ffee/images/"
    )
