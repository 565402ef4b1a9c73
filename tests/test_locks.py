import multiprocessing
import os
import signal
import threading

import pytest

from priorbench.locks import held, locked

CONTEXT = multiprocessing.get_context("spawn")


def hold(path, ready, done):
    with locked(path):
        ready.set()
        done.wait()


@pytest.fixture
def holder(tmp_path):
    """Another process that holds the lock until it is told or killed."""
    ready, done = CONTEXT.Event(), CONTEXT.Event()
    process = CONTEXT.Process(target=hold, args=(tmp_path / "a/job.lock", ready, done))
    process.start()
    assert ready.wait(60)
    yield process, done
    process.kill()
    process.join()


def test_a_lock_of_another_process_is_seen_and_waited_for(tmp_path, holder):
    path, (_, done) = tmp_path / "a/job.lock", holder
    assert held(path)
    said = []

    def waiting():
        said.append("waits")
        threading.Timer(0.2, done.set).start()

    with locked(path, waiting):
        assert said == ["waits"]


def test_a_lock_ends_with_a_process_that_is_killed(tmp_path, holder):
    process, _ = holder
    os.kill(process.pid, signal.SIGKILL)
    process.join()
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
