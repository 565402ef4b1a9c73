import subprocess
import sys
import threading

import pytest

from priorbench.store.locks import held, locked

HOLD = """
import sys
from pathlib import Path

from priorbench.store.locks import locked

with locked(Path(sys.argv[1])):
    print("held", flush=True)
    input()
"""


@pytest.fixture
def holder(tmp_path):
    """Another process that holds the lock until it reads a line or is killed."""
    command = [sys.executable, "-c", HOLD, tmp_path / "a/job.lock"]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def test_a_lock_of_another_process_is_seen_and_waited_for(tmp_path, holder):
    path = tmp_path / "a/job.lock"
    assert held(path)
    said = []

    def release():
        holder.stdin.write("\n")
        holder.stdin.flush()

    def waiting():
        said.append("waits")
        threading.Timer(0.2, release).start()

    with locked(path, waiting):
        assert said == ["waits"]


def test_a_lock_ends_with_a_process_that_is_killed(tmp_path, holder):
    holder.kill()
    holder.wait()
    assert not held(tmp_path / "a/job.lock")
    with locked(tmp_path / "a/job.lock", lambda: pytest.fail("nobody holds it")):
        pass


def test_nothing_is_held_where_there_is_no_file(tmp_path):
    assert not held(tmp_path / "none.lock")


def test_a_file_system_without_locks_stops_nothing(tmp_path, monkeypatch):
    def lockf(*arguments):
        raise OSError(38, "Function not implemented")

    monkeypatch.setattr("fcntl.lockf", lockf)
    with locked(tmp_path / "job.lock", lambda: pytest.fail("nobody holds it")):
        pass
