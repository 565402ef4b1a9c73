"""How long it takes from ``priorbench plugins new`` to the first table of the new prior.

    python benchmarks/first_prior.py

Types the commands of docs/tutorials/first-prior.md, one after the other, in a copy of the checkout's
workflow, and prints the seconds of each: by the clock, and of all processors together, which other
work on the machine changes least.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "tutorials" / "first-prior.md"
PARTS = ("Snakefile", "config.yaml", "config", "plugins", "profiles", "workflow")
FIRST_TABLE = "priorbench plugins try"
"""How the command begins that prints the first table."""


def commands() -> list[str]:
    """Return the commands of the tutorial in order."""
    blocks = re.findall(r"^```sh\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.DOTALL | re.M)
    return [line for block in blocks for line in block.splitlines()]


def type_command(command: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a command in a folder, with the Python that runs this first on the path."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    return subprocess.run(
        ["bash", "-c", command],
        cwd=folder,
        env=os.environ | {"PATH": path},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )


def clocks() -> np.ndarray:
    """Return the time in seconds, and what ended processes have taken of all processors."""
    used = os.times()
    return np.array([time.perf_counter(), used.children_user + used.children_system])


def in_words(seconds: np.ndarray, what: str) -> str:
    """Return a line of the output."""
    return f"{seconds[0]:7.1f} s, {seconds[1]:6.1f} s of processors  {what}"


def main() -> None:
    """Print the seconds of each command, and of all up to the first table."""
    with tempfile.TemporaryDirectory() as folder:
        for part in PARTS:
            copy = shutil.copytree if (ROOT / part).is_dir() else shutil.copy2
            copy(ROOT / part, Path(folder, part))
        total = np.zeros(2)
        seen = False
        for command in commands():
            began = clocks()
            result = type_command(command, Path(folder))
            seconds = clocks() - began
            if result.returncode:
                sys.exit(f"{command} ended with {result.returncode}:\n{result.stderr}")
            print(in_words(seconds, command), flush=True)
            if not seen:
                total += seconds
                seen = command.startswith(FIRST_TABLE)
                if seen:
                    print(in_words(total, "from the first command to the first table"), flush=True)


if __name__ == "__main__":
    main()
