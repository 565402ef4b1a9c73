"""Run a plugin's code in a process of its own, which can be stopped whatever it does.

A plugin may hang, call ``sys.exit``, fork, or crash the interpreter; the job goes on. What it can't
do is find the clean images by accident: see :func:`out_of_sight`.
"""

from __future__ import annotations

import multiprocessing
import os
import shutil
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.context import ForkServerContext, SpawnContext
from pathlib import Path
from types import ModuleType
from typing import Any

from priorbench.errors import MachineError, StorageError, raise_if_storage
from priorbench.seeds import HASH_SEED

THREAD_VARIABLES = (
    "OMP_NUM_THREADS",
    "MKL_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
)


EMPTY_FOLDER = "PRIORBENCH_EMPTY_FOLDER"
"""Environment variable of a worker: the folder that a plugin's code runs in."""


@dataclass(frozen=True)
class _Finished:
    """The last message of a worker: its work is done, or the machine failed.

    Args:
        error: what the parent raises; None if the work is done.
    """

    error: MachineError | None = None


class WorkerTimeout(Exception):
    """The worker sent nothing for as long as it was allowed to."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"nothing for {seconds:.4g} s")
        self.seconds = seconds


class WorkerDied(Exception):
    """The worker's process ended before its work did."""


def available_threads(threads: int) -> int:
    """Return ``threads``, or how many processors this process may use if that is less."""
    usable = (
        len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    )
    return min(threads, usable)


def limit_threads(threads: int) -> None:
    """Give the numerical libraries this many threads; call it before they are imported."""
    for name in THREAD_VARIABLES:
        os.environ[name] = str(threads)
    # Waiting threads that spin slow down every other job on a machine that is fully used.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")


@contextmanager
def out_of_sight() -> Iterator[None]:
    """Let a plugin's code run in a folder of its own, empty at first, in which no relative path
    leads to an image.

    It guards against accidents, not against malice: a plugin has the rights of the user. See
    docs/reference/security.md. Files that the library itself opens meanwhile need absolute paths.
    A prior is imported and built outside, where its parameters may name files.
    """
    with ExitStack() as outside_of_a_worker:
        folder = os.environ.get(EMPTY_FOLDER) or outside_of_a_worker.enter_context(
            tempfile.TemporaryDirectory(prefix="priorbench-")
        )
        before = Path.cwd()
        os.chdir(folder)
        try:
            yield
        finally:
            os.chdir(before)


def messages(
    work: Callable[..., None],
    arguments: tuple[Any, ...],
    *,
    limit: Callable[[Any], float],
    hash_seed: str = HASH_SEED,
) -> Iterator[Any]:
    """Run ``work(send, *arguments)`` in a new process and yield what it sends.

    Args:
        work: a function of a module; its first argument sends one message, which is pickled.
        arguments: what can be pickled.
        limit: gives the seconds allowed until the next message, or the end, after a message; it
            gets None for those until the first.
        hash_seed: the process's ``PYTHONHASHSEED``, on which the order of sets depends.

    Raises:
        WorkerTimeout: a limit has passed; the process and all that it started are killed.
        WorkerDied: the process ended by itself, by a crash or an exit.
        MachineError: the process was killed, as when memory runs out, or the work raised one.
        StorageError: the work raised one, or an error of a disk.
    """
    context = start_method(hash_seed)
    receiver, sender = context.Pipe(duplex=False)
    lifeline_end, lifeline = context.Pipe(duplex=False)
    # Made and removed here, since the process may be killed.
    folder = tempfile.TemporaryDirectory(prefix="priorbench-", ignore_cleanup_errors=True)
    process = context.Process(
        target=_main, args=(work, sender, lifeline_end, folder.name, arguments)
    )
    with _hash_seed(hash_seed), _without_main():
        process.start()
    sender.close()
    lifeline_end.close()
    try:
        allowed, finished = limit(None), False
        while not finished:
            if not _wait_for_message(receiver, process, allowed):
                break
            try:
                message = receiver.recv()
            except EOFError:
                break
            if not isinstance(message, _Finished):
                yield message
                allowed = limit(message)
                continue
            if message.error:
                raise message.error
            finished = True
        if not finished:
            process.join(timeout=10)
            _raise_death(process.exitcode)
    finally:
        _kill_group(process)
        process.join()
        receiver.close()
        lifeline.close()
        folder.cleanup()


def start_method(hash_seed: str) -> SpawnContext | ForkServerContext:
    """Return how a worker starts: as a new interpreter, which tests replace where it may be forked.

    Args:
        hash_seed: the ``PYTHONHASHSEED`` that it asks for.
    """
    return multiprocessing.get_context("spawn")


@contextmanager
def _hash_seed(value: str) -> Iterator[None]:
    """Start a process inside with this ``PYTHONHASHSEED``, which an interpreter reads only as it
    starts.
    """
    before = os.environ.get("PYTHONHASHSEED")
    os.environ["PYTHONHASHSEED"] = value
    try:
        yield
    finally:
        if before is None:
            del os.environ["PYTHONHASHSEED"]
        else:
            os.environ["PYTHONHASHSEED"] = before


@contextmanager
def _without_main() -> Iterator[None]:
    """Start a process inside that does not import the program that starts it.

    The work lies in modules. A script of a user's, without a guard for ``__main__``, would run
    again in each worker.
    """
    before = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = before


def _wait_for_message(receiver: Connection, process: Any, seconds: float) -> bool:
    """Return True for a message or the end of the pipe, False for a process that ended without
    either.

    A child that the plugin forked can hold the pipe open after the process itself is gone.
    """
    deadline = time.monotonic() + seconds
    while (left := deadline - time.monotonic()) > 0:
        if wait([receiver], timeout=min(left, 1)):
            return True
        if not process.is_alive():
            return bool(wait([receiver], timeout=0))
    raise WorkerTimeout(seconds)


def _main(
    work: Callable[..., None],
    sender: Connection,
    lifeline: Connection,
    folder: str,
    arguments: tuple[Any, ...],
) -> None:
    """Run in the new process."""
    os.setsid()
    os.environ[EMPTY_FOLDER] = folder
    # They tell where the experiment lies.
    del sys.argv[1:]
    for name in ("PWD", "OLDPWD"):
        os.environ.pop(name, None)
    threading.Thread(target=_end_with_parent, args=(lifeline, folder), daemon=True).start()
    failure = None
    try:
        work(sender.send, *arguments)
    except Exception as error:
        failure = _failure_of_the_machine(error)
        if failure is None:
            raise
    sender.send(_Finished(failure))


def _failure_of_the_machine(error: Exception) -> MachineError | None:
    """Return an error that says nothing about the work, without its cause; None for any other."""
    try:
        raise_if_storage(error)
    except StorageError as storage:
        return StorageError(str(storage))
    return MachineError(str(error)) if isinstance(error, MachineError) else None


def _end_with_parent(lifeline: Connection, folder: str) -> None:
    """End this process group as soon as the parent is gone, however it went; nobody else removes
    the folder then.
    """
    with suppress(EOFError, OSError):
        lifeline.recv()
    shutil.rmtree(folder, ignore_errors=True)
    os.killpg(0, signal.SIGKILL)


def _kill_group(process: Any) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    if process.is_alive():
        process.kill()


def _raise_death(exitcode: int | None) -> None:
    if exitcode == -signal.SIGKILL:
        raise MachineError("the worker was killed (signal 9), probably out of memory")
    if exitcode is not None and exitcode < 0:
        raise WorkerDied(f"the worker crashed: {signal.Signals(-exitcode).name}")
    raise WorkerDied(f"the worker exited with code {exitcode}")
