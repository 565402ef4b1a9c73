"""A SLURM of a controller and two nodes on this machine, without accounting, for as long as the tests need it."""

import contextlib
import fcntl
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

# SLURM's own programs look for the configuration here: a job inherits no other place.
CONFIG = Path("/etc/slurm/slurm.conf")
MARK = "# Written by the tests of priorbench; they may overwrite and remove it.\n"
PROGRAMS = ("slurmctld", "slurmd", "sbatch", "srun", "squeue", "scancel", "munged")
TEMPLATE = """{mark}
ClusterName=priorbench
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={ports[0]}
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool-%n
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd-%n.pid
MpiDefault=none
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SchedulerType=sched/builtin
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU_Memory
# A node may have more processors and memory on paper than the machine has.
SlurmdParameters=config_overrides
ReturnToService=2
KillWait=2
NodeName=n1 NodeHostname={host} NodeAddr=127.0.0.1 Port={ports[1]} CPUs=2 RealMemory=8000
NodeName=n2 NodeHostname={host} NodeAddr=127.0.0.1 Port={ports[2]} CPUs=2 RealMemory=8000
# LLN: the next job goes to the emptier node.
PartitionName=all Nodes=n1,n2 Default=YES LLN=YES MaxTime=INFINITE State=UP
"""


@pytest.fixture(scope="session")
def slurm(require) -> Iterator[None]:
    """Start SLURM; stop it and remove its configuration at the end."""
    missing = [program for program in PROGRAMS if not shutil.which(program, path=_path())]
    require("slurm", not missing, f"SLURM is not installed: {', '.join(missing)} missing")
    require("slurm", os.geteuid() == 0, "only root may start a SLURM")
    with tempfile.TemporaryDirectory(prefix="priorbench-slurm-") as name, contextlib.ExitStack() as stack:
        # One SLURM at a time: its configuration has one place on a machine.
        lock = stack.enter_context(Path(tempfile.gettempdir(), "priorbench-slurm.lock").open("w"))
        fcntl.flock(lock, fcntl.LOCK_EX)
        require("slurm", not CONFIG.exists() or MARK in CONFIG.read_text(), f"{CONFIG} belongs to another SLURM")
        _start(Path(name), stack)
        yield


def _start(folder: Path, stack: contextlib.ExitStack) -> None:
    host = socket.gethostname().split(".")[0]
    (folder / "state").mkdir()
    key = folder / "munge.key"
    key.touch(mode=0o600)
    key.write_bytes(os.urandom(1024))
    CONFIG.parent.mkdir(parents=True, exist_ok=True)
    stack.callback(CONFIG.unlink)
    CONFIG.write_text(TEMPLATE.format(mark=MARK, host=host, folder=folder, ports=_free_ports(3)))
    files = {"key-file": key, **{f"{kind}-file": folder / f"munge.{kind}" for kind in ("pid", "log", "seed")}}
    munge = [f"--{option}={path}" for option, path in files.items()]
    _daemon(stack, folder, "munged", "--foreground", "--force", f"--socket={folder}/munge.socket", *munge)
    _wait(folder, lambda: (folder / "munge.socket").exists())
    _daemon(stack, folder, "slurmctld", "-D", "-c")
    for node in ("n1", "n2"):
        _daemon(stack, folder, "slurmd", "-D", "-N", node)
    _wait(folder, lambda: _command("sinfo", "--noheader", "--Node", "--format=%t").split() == ["idle", "idle"])


def _daemon(stack: contextlib.ExitStack, folder: Path, *command: str) -> None:
    log = stack.enter_context((folder / "log").open("a"))
    process = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=os.environ | {"PATH": _path()}
    )
    stack.callback(process.wait, timeout=30)
    stack.callback(process.terminate)


def _wait(folder: Path, ready) -> None:
    end = time.monotonic() + 60
    while not ready():
        if time.monotonic() > end:
            pytest.fail(f"SLURM did not start within 60 s:\n{(folder / 'log').read_text()}")
        time.sleep(0.2)


def _command(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, timeout=60).stdout


def _path() -> str:
    return f"{os.environ['PATH']}{os.pathsep}/usr/sbin"


def _free_ports(number: int) -> list[int]:
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(number)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]
