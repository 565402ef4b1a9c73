"""docs/explanation/reliability.md tells what the tests try."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[1]


def test_every_fault_that_is_tried_has_a_row_and_every_row_is_tried():
    tests = (path.read_text() for path in (ROOT / "tests").rglob("test_*.py"))
    tried = {
        name
        for text in tests
        for name in re.findall(r'^@pytest\.mark\.fault\(\s*"([^"]+)"\s*\)', text, re.MULTILINE)
    }
    page = (ROOT / "docs" / "explanation" / "reliability.md").read_text()
    rows = re.findall(r"^\| (.+?) \| (?:SLURM|one machine) \| \d+ of \d+ \|$", page, re.MULTILINE)
    assert len(tried) >= 10
    assert sorted(rows) == sorted(tried)
