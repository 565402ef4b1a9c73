"""A SLURM of a controller and two nodes on this machine, which tests and benchmarks can break in
every way.

    python tests/cluster/slurm.py [--accounting] -- snakemake --profile profiles/slurm

runs one command with it. Needs root and Debian's slurm-wlm and munge; for accounting slurmdbd and
mariadb-server.
"""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil

# SLURM's own programs look for their configuration here: a job inherits no other place.
FOLDER = Path("/etc/slurm")
CONFIG, DATABASE_CONFIG, GPU_CONFIG = (
    FOLDER / "slurm.conf",
    FOLDER / "slurmdbd.conf",
    FOLDER / "gres.conf",
)
MARK = "# Written by the tests of priorbench; they may overwrite and remove it.\n"
PROGRAMS = ("slurmctld", "slurmd", "sbatch", "srun", "squeue", "scancel", "scontrol", "munged")
ACCOUNTING_PROGRAMS = ("slurmdbd", "sacct", "sacctmgr", "mariadbd", "mariadb-install-db")
NODES = ("n1", "n2")
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
# Without cgroups: who takes more memory than was asked for is killed within seconds.
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherFrequency=task=1
JobAcctGatherParams=OverMemoryKill
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
GresTypes=gpu
NodeName=n1 NodeHostname={host} NodeAddr=127.0.0.1 Port={ports[1]} CPUs=2 RealMemory=8000 Gres=gpu:1
NodeName=n2 NodeHostname={host} NodeAddr=127.0.0.1 Port={ports[2]} CPUs=2 RealMemory=8000
# LLN: the next job goes to the emptier node.
PartitionName=all Nodes=n1,n2 Default=YES LLN=YES MaxTime=INFINITE State=UP PriorityTier=1
PartitionName=urgent Nodes=n1,n2 MaxTime=INFINITE State=UP PriorityTier=10
"""
ACCOUNTING = """
AccountingStorageType=accounting_storage/slurmdbd
AccountingStorageHost=127.0.0.1
AccountingStoragePort={port}
# Of the daemon that vouches, not a password.
AccountingStoragePass={folder}/munge.socket
"""
DATABASE = """{mark}
DbdHost={host}
DbdAddr=127.0.0.1
DbdPort={port}
SlurmUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
PidFile={folder}/slurmdbd.pid
StorageType=accounting_storage/mysql
StorageHost=127.0.0.1
StoragePort={storage}
StorageUser=root
"""
# A device that every machine has stands for a GPU: enough to see that one is asked for and handed
# out.
GPU = "{mark}NodeName=n1 Name=gpu File=/dev/null\n"
IDLE = ["idle"] * len(NODES)


class Unavailable(Exception):
    """SLURM can't be started here; the message says why."""


def missing_programs(*, accounting: bool) -> list[str]:
    """Return what would have to be installed."""
    programs = PROGRAMS + (ACCOUNTING_PROGRAMS if accounting else ())
    return [program for program in programs if not shutil.which(program, path=_path())]


class Slurm:
    """A running SLURM.

    Args:
        folder: for its state and logs.
        accounting: with slurmdbd and MariaDB.
    """

    def __init__(self, folder: Path, *, accounting: bool) -> None:
        self.folder, self.accounting = folder, accounting
        self._host = socket.gethostname().split(".")[0]
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self._log = folder / "log"

    def start(self) -> None:
        """Start all parts and wait until both nodes are idle."""
        (self.folder / "state").mkdir()
        key = self.folder / "munge.key"
        key.touch(mode=0o600)
        key.write_bytes(os.urandom(1024))
        ports = _free_ports(5)
        values = {"mark": MARK, "host": self._host, "folder": self.folder, "ports": ports}
        text = TEMPLATE.format(**values)
        if self.accounting:
            text += ACCOUNTING.format(port=ports[3], folder=self.folder)
        FOLDER.mkdir(parents=True, exist_ok=True)
        CONFIG.write_text(text)
        GPU_CONFIG.write_text(GPU.format(mark=MARK))
        files = {
            "key-file": key,
            **{f"{kind}-file": self.folder / f"munge.{kind}" for kind in ("pid", "log", "seed")},
        }
        munge = [f"--{option}={path}" for option, path in files.items()]
        self._spawn(
            "munged", "--foreground", "--force", f"--socket={self.folder}/munge.socket", *munge
        )
        self.wait(lambda: (self.folder / "munge.socket").exists())
        if self.accounting:
            self._start_accounting(values, port=ports[3], storage=ports[4])
        self.start_controller(clean=True)
        for node in NODES:
            self.start_node(node)
        self.wait(lambda: self.states() == IDLE)

    def _start_accounting(self, values: dict[str, object], *, port: int, storage: int) -> None:
        data = self.folder / "database"
        install = ["mariadb-install-db", "--user=root", f"--datadir={data}", "--skip-test-db"]
        subprocess.run(install, check=True, capture_output=True, timeout=120)
        server = [
            "--no-defaults",
            "--user=root",
            f"--datadir={data}",
            f"--socket={self.folder}/mysql.socket",
        ]
        # Nobody else can reach it: no grants, this machine only, gone after the tests.
        network = ["--bind-address=127.0.0.1", f"--port={storage}", "--skip-grant-tables"]
        self._spawn("mariadbd", *server, *network)
        self.wait(lambda: _answers(storage))
        DATABASE_CONFIG.touch(mode=0o600)
        DATABASE_CONFIG.chmod(0o600)
        DATABASE_CONFIG.write_text(DATABASE.format(**values, port=port, storage=storage))
        self._spawn("slurmdbd", "-D")
        self.wait(lambda: _answers(port))
        for what in (
            ["cluster", "priorbench"],
            ["account", "lab"],
            ["user", "root", "account=lab"],
        ):
            subprocess.run(
                ["sacctmgr", "-i", "add", *what], check=True, capture_output=True, timeout=60
            )

    def start_controller(self, *, clean: bool = False) -> None:
        """Start slurmctld; not ``clean`` it knows the jobs that it knew."""
        self._spawn("slurmctld", "-D", *(["-c"] if clean else []))
        self.wait(lambda: subprocess.run(["scontrol", "ping"], capture_output=True).returncode == 0)

    def kill_controller(self) -> None:
        """Kill slurmctld as a crash would."""
        self._kill("slurmctld")

    def start_node(self, node: str) -> None:
        """Start a node's slurmd."""
        self._spawn("slurmd", "-D", "-N", node, name=node)

    def kill_node(self, node: str) -> None:
        """Switch a node off: its slurmd, and all jobs that run there, end without a word."""
        self._kill(node)
        for process in _processes_of_jobs(node):
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        self.scontrol("update", f"nodename={node}", "state=down", "reason=test")

    def states(self) -> list[str]:
        """Return the state of each node."""
        return ask("sinfo", "--noheader", "--Node", "--partition=all", "--format=%t").split()

    def jobs(self) -> list[dict[str, str]]:
        """Return all jobs that are remembered: id, state, node, comment (rule and wildcards)."""
        names = ("id", "state", "node", "comment")
        lines = ask(
            "squeue", "--all", "--states=all", "--sort=i", "--noheader", "--format=%i|%T|%N|%k"
        ).splitlines()
        return [dict(zip(names, line.split("|"), strict=True)) for line in lines]

    def job(self, number: str) -> dict[str, str]:
        """Return one of the jobs."""
        return next(job for job in self.jobs() if job["id"] == number)

    def requested(self, number: str) -> dict[str, str]:
        """Return all that SLURM knows of a job."""
        return dict(
            word.split("=", 1)
            for word in ask("scontrol", "show", "job", number).split()
            if "=" in word
        )

    def scontrol(self, *arguments: str) -> None:
        """Change something."""
        subprocess.run(["scontrol", *arguments], check=True, capture_output=True, timeout=60)

    def start_now(self, number: str) -> None:
        """Let a job that was put back into the queue start at once; SLURM would wait for two
        minutes.
        """
        self.wait(lambda: self.requested(number)["Restarts"] != "0")
        # It may have started by itself in between, which is no error.
        subprocess.run(
            ["scontrol", "update", f"jobid={number}", "StartTime=now"],
            capture_output=True,
            timeout=60,
        )

    def wait(self, ready: Callable[[], object], seconds: float = 60) -> None:
        """Wait until something is so.

        Raises:
            TimeoutError: it isn't after so many seconds; with SLURM's log.
        """
        end = time.monotonic() + seconds
        while not ready():
            if time.monotonic() > end:
                raise TimeoutError(f"not within {seconds:.0f} s:\n{self._log.read_text()[-5000:]}")
            time.sleep(0.1)

    def stop(self) -> None:
        """End everything that was started."""
        for job in self.jobs():
            if job["state"] in ("PENDING", "RUNNING"):
                subprocess.run(["scancel", job["id"]], capture_output=True, timeout=60)
        for name in reversed(list(self._processes)):
            process = self._processes[name]
            process.terminate()
            try:
                process.wait(timeout=30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        for path in (CONFIG, DATABASE_CONFIG, GPU_CONFIG):
            path.unlink(missing_ok=True)

    def _spawn(self, *command: str, name: str = "") -> None:
        with self._log.open("a") as log:
            self._processes[name or command[0]] = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=os.environ | {"PATH": _path()},
            )

    def _kill(self, name: str) -> None:
        process = self._processes.pop(name)
        process.kill()
        process.wait()


@contextlib.contextmanager
def running(*, accounting: bool = False) -> Iterator[Slurm]:
    """Start a SLURM; stop it and remove its configuration at the end.

    Raises:
        Unavailable: it can't be started here.
    """
    missing = missing_programs(accounting=accounting)
    if missing:
        raise Unavailable(f"SLURM is not installed: {', '.join(missing)} missing")
    if os.geteuid() != 0:
        raise Unavailable("only root may start a SLURM")
    with (
        tempfile.TemporaryDirectory(prefix="priorbench-slurm-") as folder,
        # One SLURM at a time: its configuration has one place on a machine.
        Path(tempfile.gettempdir(), "priorbench-slurm.lock").open("w") as lock,
    ):
        fcntl.flock(lock, fcntl.LOCK_EX)
        for path in (CONFIG, DATABASE_CONFIG, GPU_CONFIG):
            if path.exists() and MARK not in path.read_text():
                raise Unavailable(f"{path} belongs to another SLURM")
        slurm = Slurm(Path(folder), accounting=accounting)
        try:
            slurm.start()
            yield slurm
        finally:
            slurm.stop()


def ask(*command: str) -> str:
    """Return what a command prints."""
    return subprocess.run(command, capture_output=True, text=True, timeout=60).stdout


def _processes_of_jobs(node: str) -> list[psutil.Process]:
    """Return the processes of all jobs on a node, first those that would tell the controller of the
    others' end.
    """
    own = {"SLURMD_NODENAME": node, "SLURM_CONF": str(CONFIG)}
    working = [
        process
        for process in psutil.process_iter(["environ"])
        if own.items() <= (process.info["environ"] or {}).items()
    ]
    telling = {
        parent
        for process in working
        if (parent := process.parent()) and parent.name() == "slurmstepd"
    }
    return [*telling, *working]


def _answers(port: int) -> bool:
    with socket.socket() as one:
        return one.connect_ex(("127.0.0.1", port)) == 0


def _path() -> str:
    return f"{os.environ['PATH']}{os.pathsep}/usr/sbin"


def _free_ports(number: int) -> list[int]:
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(number)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]


def main() -> int:
    """Run one command."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--accounting", action="store_true", help="with slurmdbd and MariaDB")
    parser.add_argument("command", nargs="+")
    arguments = parser.parse_args()
    # What was started is stopped also when this process is told to end.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        with running(accounting=arguments.accounting):
            return subprocess.run(arguments.command).returncode
    except Unavailable as error:
        parser.exit(2, f"{error}\n")


if __name__ == "__main__":
    raise SystemExit(main())
