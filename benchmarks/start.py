"""How long it takes until the command line answers.

    python benchmarks/start.py

Prints processor seconds (user and system) of each command, the least of several runs, beside those
of an empty program and of the library that reads the command line. Imports are what takes the time;
the least of the runs is the one that other work on the machine disturbed least.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
from dataclasses import dataclass


@dataclass(frozen=True)
class Command:
    """What is measured.

    Args:
        label: how it is shown.
        arguments: of Python.
        limit: the most seconds that it should take; None for what it is compared with.
    """

    label: str
    arguments: tuple[str, ...]
    limit: float | None = None


COMMANDS = (
    Command("python -c pass", ("-c", "pass")),
    Command("import typer", ("-c", "import typer")),
    Command("import priorbench", ("-c", "import priorbench"), 0.15),
    Command("priorbench --help", ("-m", "priorbench", "--help"), 0.4),
    Command("what a plugin imports", ("-c", "from priorbench import PriorSpec, hookimpl")),
)


def seconds(command: Command) -> float:
    """Return the processor seconds of one run."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, *command.arguments], check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (after.ru_utime - before.ru_utime) + (after.ru_stime - before.ru_stime)


def main() -> None:
    """Measure all commands and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=10, help="of each command, after a first one")
    runs = parser.parse_args().runs
    for command in COMMANDS:
        # The first run compiles modules and fills the file system's cache.
        seconds(command)
        least = min(seconds(command) for _ in range(runs))
        limit = f"  (at most {command.limit} s)" if command.limit else ""
        print(f"{command.label:26} {least:6.3f} s{limit}")


if __name__ == "__main__":
    main()
