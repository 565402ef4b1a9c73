"""The folder that commands of the documentation run in: a small experiment, finished, and pictures."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from PIL import Image
from scipy.ndimage import gaussian_filter

from priorbench.plugins.manager import load_plugins

ROOT = Path(__file__).parents[2]
COPIED = ("Snakefile", "workflow", "plugins", "config", "profiles", "benchmarks", "containers")
COPIED += ("environment.yml", "constraints.txt", "docs/examples")

KEPT = {"dip", "gmm", "tv", "wavelet"}
"""Priors that pages name. Not all others, but those that come with the checkout are left out, so
that the priors of pages run as well."""

SKIPPED = sorted(load_plugins([ROOT / "plugins"]).priors.keys() - KEPT)

EXPERIMENT: dict[str, Any] = {
    "experiment": "default",
    "seed": 1,
    "datasets": {
        "photographs": {"source": "embedded", "images": ["camera", "coffee"], "crop": 40},
        "training": {"source": "embedded", "images": ["brick", "coins"], "crop": 64},
        "dead-leaves": {"source": "dead-leaves", "parameters": {"count": 2}, "crop": 64},
    },
    "test": ["photographs"],
    "train": "training",
    "tasks": {"run": ["denoise"]},
    "metrics": ["psnr"],
    "studies": [],
    "priors": {
        "skip": SKIPPED,
        "settings": {
            "gmm": {
                "parameters": {
                    "n_components": [10, 50, 200],
                    "n_patches": 2000,
                    "iterations": 1,
                    "mode": "fast",
                }
            },
            "dip": {"parameters": {"channels": 8, "scales": 2, "iterations": 10}},
        },
    },
}
"""The default experiment in small, with the names that the pages use."""

PARTS = {"machine-a": "tv", "machine-b": "wavelet"}
"""Experiments with one prior each, for the pages that merge."""


def make(folder: Path, with_parts: bool) -> None:
    """Make the folder and finish its experiment, and perhaps those in parts, by real Snakemake."""
    for name in COPIED:
        source, target = ROOT / name, folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copyfile(source, target)
    _draw_pictures(folder)
    _write(folder / "config.yaml", EXPERIMENT)
    for part, prior in PARTS.items() if with_parts else ():
        only = EXPERIMENT | {"experiment": part, "priors": {"run": [prior]}}
        _write(folder / "parts" / f"{part}.yaml", only)
        rows = f"results/{part}/scores.parquet"
        bash(f"snakemake --cores 2 --configfile parts/{part}.yaml -- {rows}", folder)
    bash("snakemake --cores 2", folder)
    # Pages copy a commit, and compare with another one's results.
    bash(
        "git init -q . && git add plugins && git -c user.name=a -c user.email=a commit -qm a",
        folder,
    )
    shutil.copytree(folder / "results", folder.parent / "before" / "results")


def _write(file: Path, experiment: dict[str, Any]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(yaml.safe_dump(experiment, sort_keys=False), encoding="utf-8")


def _draw_pictures(folder: Path) -> None:
    """Write the photographs, the mask and the kernel that commands name."""
    random = np.random.default_rng(0)

    def photograph(name: str) -> None:
        smooth = gaussian_filter(random.random((48, 56, 3)), (3, 3, 0))
        smooth = (smooth - smooth.min()) / np.ptp(smooth)
        file = folder / name
        file.parent.mkdir(exist_ok=True)
        Image.fromarray((255 * smooth).astype(np.uint8)).save(file)

    names = ("photo", "dark", "flash", "noflash", "photos/a", "photos/b")
    for name in names:
        photograph(f"{name}.png")
    known = np.where(random.random((48, 56)) < 0.8, 255, 0).astype(np.uint8)
    (folder / "masks").mkdir()
    for name in ("mask", "masks/fence"):
        Image.fromarray(known).save(folder / f"{name}.png")
    kernel = np.zeros((5, 5), np.uint8)
    kernel[2] = 255
    Image.fromarray(kernel).save(folder / "kernel.png")


def environment(folder: Path) -> dict[str, str]:
    """Return the variables that commands run with."""
    binaries = Path(sys.executable).parent
    own = {
        "PATH": f"{binaries}{os.pathsep}{os.environ['PATH']}",
        # `~/photos` of the pages lies in the folder.
        "HOME": str(folder),
        "COLUMNS": "200",
    }
    return os.environ | own


def bash(script: str, folder: Path) -> str:
    """Run a script in a folder and return what it printed.

    Raises:
        AssertionError: a command failed; the message has all that was printed.
    """
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=folder,
        env=environment(folder),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{script}\nended with {done.returncode}:\n{done.stdout}"
    return done.stdout


@cache
def help_of(benchmark: str) -> str:
    """Return what a benchmark says of its options."""
    command = [sys.executable, benchmark, "--help"]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout


def dry_run(script: str, folder: Path) -> None:
    """Run the commands of a script, but plan only what takes long.

    Raises:
        AssertionError: a command failed, or a benchmark lacks an option.
    """
    for line in script.replace("\\\n", " ").splitlines():
        words = shlex.split(line, comments=True)
        program = [word for word in words if "=" not in word or word.startswith("-")]
        if program[:1] == ["snakemake"]:
            bash(line.replace("snakemake", "snakemake --dry-run", 1), folder)
        elif program[:1] == ["python"] and program[1].startswith("benchmarks/"):
            options = [word for word in program if word.startswith("-")]
            # A benchmark without options takes no --help either: it would run.
            said = help_of(program[1]) if options else (ROOT / program[1]).read_text()
            missing = [option for option in options if option not in said]
            assert not missing, f"{line}: {program[1]} has no {', '.join(missing)}"
        elif words:
            bash(line, folder)
