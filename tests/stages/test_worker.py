import importlib
import os
import signal
import subprocess
import sys
import textwrap
from contextlib import suppress
from pathlib import Path
from types import ModuleType

import pytest

from priorbench.errors import MachineError
from priorbench.jobs.worker import WorkerDied, WorkerTimeout, messages
from tests.stages.processes import gone

WORK = """
    import ctypes, os, signal, sys, time
    from pathlib import Path

    def say_and_stop(send, *words):
        print("noise on the way", flush=True)
        os.write(1, b"and raw bytes \\x00\\xff")
        for word in words:
            send((word,))

    def hang_with_child(send, file):
        child = os.fork()
        if child == 0:
            time.sleep(600)
        Path(file).write_text(f"{os.getpid()} {child}")
        send(("started",))
        time.sleep(600)

    def exit_politely(send):
        sys.exit(3)

    def exit_at_once(send):
        os._exit(0)

    def die_behind_a_child(send):
        if os.fork() == 0:
            time.sleep(600)
        os._exit(5)

    def segfault(send):
        ctypes.string_at(0)

    def be_killed(send):
        os.kill(os.getpid(), signal.SIGKILL)

    def tell_the_folder(send, end):
        from priorbench.jobs.worker import out_of_sight

        with out_of_sight():
            inside = os.getcwd()
            send((inside, os.listdir("."), sys.argv[1:], "PWD" in os.environ))
            Path("left.txt").write_text("behind")
        send((os.getcwd(),))
        if end == "killed":
            os.kill(os.getpid(), signal.SIGKILL)
        if end == "hangs":
            time.sleep(600)

    def raise_error(send):
        raise RuntimeError("nobody catches this")
"""


@pytest.fixture
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """Functions for the worker, in a module that its process can import too."""
    (tmp_path / "work_for_worker.py").write_text(textwrap.dedent(WORK))
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "work_for_worker", raising=False)
    return importlib.import_module("work_for_worker")


def test_messages_arrive_in_order_whatever_is_printed(work: ModuleType) -> None:
    received = list(messages(work.say_and_stop, ("a", "b", "c"), limit=lambda last: 60))
    assert received == [("a",), ("b",), ("c",)]


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_a_hang_is_killed_with_its_children(work: ModuleType, tmp_path: Path) -> None:
    with pytest.raises(WorkerTimeout) as caught:
        list(
            messages(
                work.hang_with_child,
                (str(tmp_path / "pids"),),
                limit=lambda last: 60 if last is None else 0.5,
            )
        )
    assert caught.value.seconds == 0.5
    assert all(gone(int(pid)) for pid in (tmp_path / "pids").read_text().split())


@pytest.mark.slow
@pytest.mark.parametrize(
    ("function", "reason"),
    [
        ("exit_politely", "exited with code 3"),
        ("exit_at_once", "exited with code 0"),
        ("die_behind_a_child", "exited with code 5"),
        ("raise_error", "exited with code 1"),
        ("segfault", "crashed: SIGSEGV"),
    ],
)
def test_a_process_that_ends_by_itself_is_reported(
    work: ModuleType, function: str, reason: str
) -> None:
    with pytest.raises(WorkerDied, match=reason):
        list(messages(getattr(work, function), (), limit=lambda last: 60))


def test_a_kill_from_outside_is_the_machines_fault(work: ModuleType) -> None:
    with pytest.raises(MachineError, match="signal 9"):
        list(messages(work.be_killed, (), limit=lambda last: 60))


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_the_worker_ends_when_its_parent_is_killed(work: ModuleType, tmp_path: Path) -> None:
    script = (
        "import work_for_worker as work\n"
        "from priorbench.jobs.worker import messages\n"
        "if __name__ == '__main__':\n"
        f"    for _ in messages(work.hang_with_child, ({str(tmp_path / 'pids')!r},), limit=lambda last: 600):\n"
        "        print('ready', flush=True)\n"
    )
    (tmp_path / "parent.py").write_text(script)
    environment = os.environ | {"PYTHONPATH": str(tmp_path)}
    with subprocess.Popen(
        [sys.executable, tmp_path / "parent.py"], stdout=subprocess.PIPE, env=environment
    ) as parent:
        assert parent.stdout is not None
        assert parent.stdout.readline() == b"ready\n"
        parent.send_signal(signal.SIGKILL)
    assert all(gone(int(pid)) for pid in (tmp_path / "pids").read_text().split())


@pytest.mark.slow
@pytest.mark.parametrize("end", ["well", "killed", "hangs"])
def test_a_plugin_runs_in_an_empty_folder_that_goes_with_the_worker(
    work: ModuleType, monkeypatch: pytest.MonkeyPatch, end: str
) -> None:
    monkeypatch.setenv("PWD", str(Path.cwd()))
    received = []
    with suppress(MachineError, WorkerTimeout):
        for message in messages(
            work.tell_the_folder, (end,), limit=lambda last: 60 if last is None else 3
        ):
            received.append(message)
    (folder, files, arguments, named), (after,) = received
    assert Path(folder) != Path.cwd()
    assert (files, arguments, named) == ([], [], False)
    assert Path(after) == Path.cwd()
    assert not Path(folder).exists()
