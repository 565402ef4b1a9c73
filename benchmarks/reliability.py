"""The table of docs/explanation/reliability.md: what may happen to a run, each tried several times.

    python benchmarks/reliability.py --times 5 --write

Runs the tests that are marked as faults, on real processes and on a real SLURM of two nodes on this
machine, which takes root, slurm-wlm and munge. Nothing is skipped: what can't be tried here has
passed 0 times.
"""

from __future__ import annotations

import argparse
import os
import re
import time
from collections import Counter
from collections.abc import Generator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "explanation" / "reliability.md"
TABLE = re.compile(r"(?<=<!-- faults -->\n).*?(?=<!-- end -->)", re.DOTALL)


class Recorder:
    """A plugin of pytest that runs what is marked as a fault and counts what passed."""

    def __init__(self) -> None:
        self.places: dict[str, str] = {}
        self.passed: Counter[str] = Counter()

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Leave only faults."""
        items[:] = [item for item in items if item.get_closest_marker("fault")]
        for item in items:
            self.places[_name(item)] = (
                "SLURM" if "slurm" in getattr(item, "fixturenames", ()) else "one machine"
            )

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Count what passed."""
        report = yield
        if report.when == "call" and report.passed:
            self.passed[_name(item)] += 1
        return report


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--times", type=int, default=5)
    parser.add_argument(
        "--write", action="store_true", help=f"put the table into {PAGE.relative_to(ROOT)}"
    )
    arguments = parser.parse_args()
    os.environ["PRIORBENCH_REQUIRE"] = "slurm,tmpfs"
    os.chdir(ROOT)
    recorder, start = Recorder(), time.monotonic()
    for number in range(arguments.times):
        code = pytest.main(["tests", "-q", "-n", "0", "-p", "no:cacheprovider"], plugins=[recorder])
        if code not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED):
            raise SystemExit(f"pytest ended with {code!r}")
        print(f"round {number + 1}: {time.monotonic() - start:.0f} s")
    table = "\n| what happens | where | passed |\n|---|---|---|\n"
    for name, place in sorted(recorder.places.items(), key=lambda item: (item[1], item[0])):
        table += f"| {name} | {place} | {recorder.passed[name]} of {arguments.times} |\n"
    print(table)
    if arguments.write:
        PAGE.write_text(TABLE.sub(lambda _: table + "\n", PAGE.read_text()))
    if any(recorder.passed[name] < arguments.times for name in recorder.places):
        raise SystemExit("not all passed")


def _name(item: pytest.Item) -> str:
    marker = item.get_closest_marker("fault")
    assert marker is not None
    return str(marker.args[0])


if __name__ == "__main__":
    main()
