"""How long it takes from ``priorbench plugins new`` to the first table of the new prior.

    python benchmarks/first_prior.py

Types the commands of docs/tutorials/first-prior.md, one after the other, in a copy of the checkout's
workflow, and prints the seconds of each by the clock.
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


def main() -> None:
    """Print the seconds of each command, and of all up to the first table."""
    with tempfile.TemporaryDirectory() as folder:
        for part in PARTS:
            copy = shutil.copytree if (ROOT / part).is_dir() else shutil.copy2
            copy(ROOT / part, Path(folder, part))
        total = 0.0
        seen = False
        for command in commands():
            began = time.perf_counter()
            result = type_command(command, Path(folder))
            seconds = time.perf_counter() - began
            if result.returncode:
                sys.exit(f"{command} ended with {result.returncode}:\n{result.stderr}")
            print(f"{seconds:7.1f} s  {command}", flush=True)
            total += 0 if seen else seconds
            if command.startswith(FIRST_TABLE) and not seen:
                seen = True
                print(f"{total:7.1f} s  from the first command to the first table", flush=True)


if __name__ == "__main__":
    main()
