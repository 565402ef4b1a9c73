"""What SLURM adds: experiments on a SLURM of two nodes on this machine, beside the same on the
machine itself.

    python benchmarks/cluster.py

From ``snakemake --profile profiles/slurm`` to the finished scores. First a chain of waves of one
job each, where at most 10 s more a wave are wanted; then the smoke experiment, whose jobs share the
machine's processors with each other; at most 4 minutes are wanted. Takes root, slurm-wlm and munge.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[1]
WAVES = ("prepare", "corrupt", "restore", "score")
sys.path.insert(0, str(ROOT / "tests" / "cluster"))


def main() -> None:
    smoke = yaml.safe_load((ROOT / "config" / "smoke.yaml").read_text())
    chain = smoke | {
        "experiment": "chain",
        "tasks": {"run": ["denoise"]},
        "priors": {"run": ["observed"]},
        "studies": [],
    }
    local, cluster = compare(chain, "results/chain/scores.parquet")
    each = (cluster - local) / len(WAVES)
    print(
        f"{', '.join(WAVES)}, one job each: {local:.0f} s and {cluster:.0f} s, {each:.1f} s more a wave (at most 10)"
    )
    local, cluster = compare(smoke)
    print(
        f"smoke experiment: {local:.0f} s on {os.cpu_count()} cores, {cluster:.0f} s on two nodes (at most 240)"
    )


def compare(experiment: dict[str, Any], *targets: str) -> tuple[float, float]:
    """Return the seconds of an experiment on this machine, and on a SLURM of two nodes on it."""
    from slurm import running

    with tempfile.TemporaryDirectory() as folder:
        seconds = []
        for place in ("local", "slurm"):
            project = Path(folder, place)
            project.mkdir()
            for name in ("Snakefile", "workflow", "plugins", "profiles"):
                (project / name).symlink_to(ROOT / name)
            (project / "config.yaml").write_text(yaml.safe_dump(experiment))
            if place == "local":
                seconds.append(run(project, "--cores", str(os.cpu_count()), "--", *targets))
            else:
                with running():
                    seconds.append(run(project, "--profile", "profiles/slurm", "--", *targets))
    return seconds[0], seconds[1]


def run(project: Path, *arguments: str) -> float:
    """Run Snakemake and return the wall-clock seconds."""
    start = time.perf_counter()
    command = [sys.executable, "-m", "snakemake", *arguments]
    result = subprocess.run(command, cwd=project, capture_output=True, text=True)
    if result.returncode:
        raise SystemExit(result.stdout + result.stderr)
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
