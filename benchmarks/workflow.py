"""What the workflow itself costs: seconds for each trivial cell, and seconds and memory of dry
runs.

    python benchmarks/workflow.py
    python benchmarks/workflow.py --cells 10000 --jobs 1000 10000 100000

The prior returns the observation, the images have 16 × 16 pixels, so nearly all time is the
workflow's. The peer of each dry run is a Snakefile of two bare rules with as many jobs: what
Snakemake itself takes on this machine.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import yaml
from skimage.io import imsave

BARE = """
rule gather:
    input: expand("scores/{{task}}/{{image}}", task=range(10), image=range({images}))
    output: "scores.parquet"
    shell: "touch {{output}}"
rule score:
    input: "runs/{{task}}/{{image}}"
    output: "scores/{{task}}/{{image}}"
    shell: "touch {{output}}"
rule restore:
    output: "runs/{{task}}/{{image}}"
    shell: "touch {{output}}"
"""
ROOT = Path(__file__).resolve().parents[1]
TASKS = 10
DRY = ("--dry-run", "--quiet")
"""Builds the whole graph; without ``--quiet`` Snakemake also counts and explains the jobs, for as
long again.
"""


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--cells",
        type=int,
        default=1000,
        help="restorations that are run, a multiple of 10; 0: none",
    )
    parser.add_argument(
        "--jobs", type=int, nargs="*", default=[10_000], help="jobs of dry runs, multiples of 20"
    )
    arguments = parser.parse_args()
    cores = ("--cores", str(os.cpu_count()))
    with tempfile.TemporaryDirectory() as folder:
        project = Path(folder)
        for name in ("Snakefile", "workflow", "plugins", "profiles"):
            (project / name).symlink_to(ROOT / name)
        cells = arguments.cells
        if cells:
            write_experiment(project, "run", images=cells // TASKS)
            target = ("--", "results/run/scores.parquet")
            seconds, peak = run(project, *DRY, *cores, *target)
            print(f"dry run of {cells} cells: {seconds:.1f} s, {peak:.0f} MiB", flush=True)
            seconds, peak = run(project, *cores, *target)
            each = f"{seconds / cells:.4f} s each (goal 0.02)"
            print(
                f"{cells} trivial cells on {cores[1]} cores: {seconds:.1f} s, {each}, {peak:.0f} MiB",
                flush=True,
            )
        for jobs in arguments.jobs:
            images = jobs // (2 * TASKS)
            write_experiment(project, f"dry{jobs}", images=images, restorations_per_job=1)
            seconds, peak = run(project, *DRY, *cores, "--", f"results/dry{jobs}/scores.parquet")
            bare = project / f"bare{jobs}"
            bare.mkdir()
            (bare / "Snakefile").write_text(BARE.format(images=images))
            peer, peer_peak = run(bare, *DRY, *cores)
            ours, theirs = f"{seconds:.1f} s, {peak:.0f} MiB", f"{peer:.1f} s, {peer_peak:.0f} MiB"
            print(f"dry run of {jobs} jobs: {ours}; of two bare rules: {theirs}", flush=True)


def write_experiment(
    project: Path, name: str, *, images: int, restorations_per_job: int | None = None
) -> None:
    """Write images and a configuration with ten tasks for each image and the prior ``observed``.

    Without ``restorations_per_job`` jobs are cut as always.
    """
    folder = project / f"images-{name}"
    folder.mkdir()
    array = np.random.default_rng(0).integers(0, 256, (16, 16), dtype=np.uint8)
    first = folder / "image-000000.png"
    imsave(first, array, check_contrast=False)
    for index in range(1, images):
        (folder / f"image-{index:06}.png").write_bytes(first.read_bytes())
    experiment = {
        "experiment": name,
        "datasets": {"tiny": {"source": "folder", "parameters": {"path": str(folder)}}},
        "test": ["tiny"],
        "tasks": {
            "run": ["denoise"],
            "settings": {
                "denoise": {"parameters": {"sigma": [float(5 * i + 5) for i in range(TASKS)]}}
            },
        },
        "priors": {
            "run": ["observed"],
            "settings": {"observed": {"restorations_per_job": restorations_per_job}},
        },
        "metrics": ["psnr"],
    }
    (project / "config.yaml").write_text(yaml.safe_dump(experiment))


def run(project: Path, *arguments: str) -> tuple[float, float]:
    """Run Snakemake and return the wall-clock seconds and its own peak memory in MiB."""
    start = time.perf_counter()
    with tempfile.TemporaryFile() as told:
        process = subprocess.Popen(
            [sys.executable, "-m", "snakemake", *arguments],
            cwd=project,
            stdout=told,
            stderr=subprocess.STDOUT,
        )
        _, status, usage = os.wait4(process.pid, 0)
        if status:
            told.seek(0)
            raise SystemExit(told.read().decode(errors="replace"))
    return time.perf_counter() - start, usage.ru_maxrss / 1024


if __name__ == "__main__":
    main()
