"""What the workflow itself costs: seconds for each trivial cell, and for a dry run of 10 000 jobs.

    python benchmarks/workflow.py

The prior returns the observation, the images have 16 × 16 pixels, so nearly all time is the workflow's. The
peer of the dry run is a Snakefile of two bare rules with as many jobs: what Snakemake itself takes on this machine.
"""

from __future__ import annotations

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
    input: expand("scores/{task}/{image}", task=range(10), image=range(500))
    output: "scores.parquet"
    shell: "touch {output}"
rule score:
    input: "runs/{task}/{image}"
    output: "scores/{task}/{image}"
    shell: "touch {output}"
rule restore:
    output: "runs/{task}/{image}"
    shell: "touch {output}"
"""
ROOT = Path(__file__).resolve().parents[1]


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        project = Path(folder)
        for name in ("Snakefile", "workflow", "plugins", "profiles"):
            (project / name).symlink_to(ROOT / name)
        cores = str(os.cpu_count())
        write_experiment(project, images=250, tasks=4, images_per_job=100)
        seconds = run(project, "--cores", cores, "--", "results/overhead/scores.parquet")
        print(f"1000 trivial cells on {cores} cores: {seconds:.1f} s, {seconds / 1000:.3f} s each (at most 0.15)")
        write_experiment(project, images=500, tasks=10, images_per_job=1)
        seconds = run(project, "--dry-run", "--quiet", "all", "--cores", cores, "--", "results/dry/scores.parquet")
        bare = project / "bare"
        bare.mkdir()
        (bare / "Snakefile").write_text(BARE)
        peer = run(bare, "--dry-run", "--quiet", "all", "--cores", cores)
        print(f"dry run of 10 000 jobs: {seconds:.1f} s (at most 15); of two bare rules: {peer:.1f} s")


def write_experiment(project: Path, *, images: int, tasks: int, images_per_job: int) -> None:
    """Write images and a configuration with images × tasks cells of the prior ``observed``."""
    folder = project / f"images-{images}"
    folder.mkdir()
    generator = np.random.default_rng(0)
    for index in range(images):
        array = generator.integers(0, 256, (16, 16), dtype=np.uint8)
        imsave(folder / f"image-{index:04}.png", array, check_contrast=False)
    experiment = {
        "experiment": "dry" if images_per_job == 1 else "overhead",
        "datasets": {"tiny": {"source": "folder", "parameters": {"path": str(folder)}}},
        "test": ["tiny"],
        "tasks": {
            "run": ["denoise"],
            "settings": {"denoise": {"parameters": {"sigma": [float(5 * i + 5) for i in range(tasks)]}}},
        },
        "priors": {"run": ["observed"], "settings": {"observed": {"images_per_job": images_per_job}}},
        "metrics": ["psnr"],
    }
    (project / "config.yaml").write_text(yaml.safe_dump(experiment))


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
