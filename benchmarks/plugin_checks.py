"""What checking a plugin costs: all checks of the ten-line denoiser of the documentation.

python benchmarks/plugin_checks.py [NAME|PATH]
"""

import os
import sys
import time
from pathlib import Path

from priorbench.testing import check_plugin

MEDIAN = Path(__file__).parents[1] / "docs" / "examples" / "median"


def main() -> None:
    plugin = sys.argv[1] if len(sys.argv) > 1 else MEDIAN
    began, before = time.monotonic(), os.times()
    report = check_plugin(plugin, folders=["plugins"], raise_on_failure=False)
    wall, after = time.monotonic() - began, os.times()
    # Those of the processes that ran the plugin's code are counted once they were waited for.
    processor = sum(after[:4]) - sum(before[:4])
    for result in sorted(report.results, key=lambda each: -each.seconds)[:8]:
        print(f"{result.seconds:8.2f} s  {result.check}")
    print(report.counts)
    print(f"{wall:.1f} s by the clock, {processor:.1f} s of the processors")


if __name__ == "__main__":
    main()
