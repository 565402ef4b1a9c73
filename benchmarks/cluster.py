"""The smoke experiment on a SLURM of two nodes on this machine, beside the same on the machine itself.

    python benchmarks/cluster.py

From ``snakemake --profile profiles/slurm`` to the finished experiment; at most 4 minutes are wanted. Takes root,
slurm-wlm and munge.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests" / "cluster"))


def main() -> None:
    from slurm import running

    with tempfile.TemporaryDirectory() as folder:
        project = Path(folder)
        for name in ("Snakefile", "config.yaml", "config", "workflow", "plugins", "profiles"):
            (project / name).symlink_to(ROOT / name)
        local = run(project, "--cores", str(os.cpu_count()))
        print(f"on the machine itself, {os.cpu_count()} cores: {local:.0f} s", flush=True)
        (project / "results").rename(project / "results-local")
        (project / ".snakemake").rename(project / ".snakemake-local")
        with running():
            cluster = run(project, "--profile", "profiles/slurm")
        print(f"on two nodes of SLURM on it: {cluster:.0f} s (at most 240), {cluster - local:.0f} s more")


def run(project: Path, *arguments: str) -> float:
    """Run Snakemake and return the wall-clock seconds."""
    start = time.perf_counter()
    command = [sys.executable, "-m", "snakemake", "--configfile", "config/smoke.yaml", *arguments]
    result = subprocess.run(command, cwd=project, capture_output=True, text=True)
    if result.returncode:
        raise SystemExit(result.stdout + result.stderr)
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
