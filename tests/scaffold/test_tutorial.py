"""The commands of the tutorial, typed in its order."""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

PAGE = Path(__file__).parents[2] / "docs" / "tutorials" / "first-prior.md"


def commands() -> list[str]:
    """The commands of the tutorial in order."""
    blocks = re.findall(r"^```sh\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.DOTALL | re.M)
    return [line for block in blocks for line in block.splitlines()]


def type_command(command: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a command in a folder, with the Python that runs the tests first on the path."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    return subprocess.run(
        ["bash", "-c", command],
        cwd=folder,
        env=os.environ | {"PATH": path},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )


@pytest.mark.slow
@pytest.mark.exhaustive
def test_the_commands_of_the_tutorial_lead_to_the_first_table(project: Any) -> None:
    typed = commands()
    assert [command.split()[0] for command in typed] == [
        *["priorbench"] * 2,
        "pytest",
        *["priorbench"] * 2,
        "snakemake",
    ]
    outputs = {}
    for command in typed:
        result = type_command(command, project.root)
        assert result.returncode == 0, f"{command}:\n{result.stdout}\n{result.stderr}"
        outputs[command] = result.stdout
    new, _, tests, first, varied, _ = outputs.values()
    assert "priorbench plugins try sliding-dct" in new
    assert " passed" in tests and " failed" not in tests
    for word in ("sliding-dct", "GMM K=10", "non-local means", "against the best of the others"):
        assert word in first
    assert "sliding-dct-threshold2.5" in varied and "sliding-dct-threshold3.5" in varied
    results: Path = project.root / "results" / "try-sliding-dct"
    assert (results / "pictures.png").is_file()
    assert (results / "tables" / "psnr.md").is_file()
    scores = pd.read_parquet(results / "scores.parquet")
    assert {"sliding-dct-threshold2.5", "sliding-dct-threshold3.5"} <= set(scores["prior"])
