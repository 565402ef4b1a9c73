"""Where the processor time of a whole run goes: stages, starting processes, Snakemake itself.

    python benchmarks/run_profile.py --cores 8
    python benchmarks/run_profile.py --cores 2 --configfile config/smoke.yaml

The run takes place in a folder of its own, so nothing is computed before. A job's seconds are those
of its process and of all that it has started, as the system counts them.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

ROOT = Path(__file__).resolve().parents[1]
PARTS = ("Snakefile", "config.yaml", "config", "workflow", "plugins", "profiles")
FOLDER = "PRIORBENCH_PROFILE_FOLDER"
AT_EXIT = f'''
import atexit, json, multiprocessing, os, sys

def note():
    is_worker = multiprocessing.parent_process() is not None
    if not is_worker and sys.argv[0].endswith(os.path.join("priorbench", "__main__.py")):
        times = os.times()
        seconds = times.user + times.system + times.children_user + times.children_system
        path = os.path.join(os.environ["{FOLDER}"], f"{{os.getpid()}}.json")
        with open(path, "w") as file:
            json.dump({{"stage": sys.argv[1], "seconds": seconds, "torch": "torch" in sys.modules}}, file)

atexit.register(note)
'''
"""Python runs this file, as sitecustomize, in every process."""
STARTING = {
    "Python": "",
    "the command line and the plan": "from priorbench.cli.options import load; load(Path({config!r}))",
    "torch": "import torch",
}
"""What a process does before its work."""


@dataclass(frozen=True)
class Run:
    """What a run took.

    Args:
        wall: seconds by the clock.
        processor: seconds of all processes.
        jobs: stage and processor seconds of each job.
    """

    wall: float
    processor: float
    jobs: pd.DataFrame


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--cores", type=int, default=os.cpu_count())
    parser.add_argument("--configfile", default="config.yaml")
    parser.add_argument("--folder", type=Path, help="where the results stay; default: nowhere")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        project = arguments.folder or Path(temporary)
        project.mkdir(parents=True, exist_ok=True)
        for name in PARTS:
            (project / name).symlink_to(ROOT / name)
        run = profile(project, arguments.cores, arguments.configfile)
        print(table(run))
        print()
        for name, seconds in starting(project, arguments.configfile):
            print(f"{name}: {seconds:.2f} s")


def profile(project: Path, cores: int, config: str) -> Run:
    """Run an experiment, and return what it took."""
    notes, site = project / "notes", project / "site"
    notes.mkdir()
    site.mkdir()
    (site / "sitecustomize.py").write_text(AT_EXIT)
    path = os.pathsep.join(filter(None, [str(site), os.environ.get("PYTHONPATH")]))
    command = [sys.executable, "-m", "snakemake", "--cores", str(cores), "--configfile", config]
    start = time.perf_counter()
    with (project / "output").open("wb") as output:
        process = subprocess.Popen(
            command,
            cwd=project,
            env=os.environ | {"PYTHONPATH": path, FOLDER: str(notes)},
            stdout=output,
            stderr=output,
        )
        _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise SystemExit((project / "output").read_text(errors="replace")[-4000:])
    jobs = pd.DataFrame([json.loads(note.read_text()) for note in notes.iterdir()])
    return Run(time.perf_counter() - start, usage.ru_utime + usage.ru_stime, jobs)


def table(run: Run) -> str:
    """Return the processor seconds of each stage, and what is left for Snakemake, as Markdown."""
    stages = run.jobs.groupby("stage")["seconds"].agg(["size", "sum"])
    rows = [
        f"| {stage} | {int(row['size'])} | {row['sum']:.0f} | {row['sum'] / run.processor:.0%} |"
        for stage, row in stages.sort_values("sum", ascending=False).iterrows()
    ]
    rest = run.processor - run.jobs["seconds"].sum()
    return "\n".join(
        [
            "| stage | jobs | processor s | share |",
            "|---|---:|---:|---:|",
            *rows,
            f"| Snakemake itself | | {rest:.0f} | {rest / run.processor:.0%} |",
            f"| all, {run.wall:.0f} s by the clock | {len(run.jobs)} | {run.processor:.0f} | |",
        ]
    )


def starting(project: Path, config: str) -> Iterator[tuple[str, float]]:
    """Yield what a process does before its work, and its processor seconds."""
    for name, code in STARTING.items():
        code = "import os; from pathlib import Path\n" + code.format(config=config)
        code += "\ntimes = os.times(); print(times.user + times.system)"
        seconds = [
            float(subprocess.check_output([sys.executable, "-c", code], cwd=project))
            for _ in range(3)
        ]
        yield name, min(seconds)


if __name__ == "__main__":
    main()
