"""The commands of the tutorial, typed in its order."""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from benchmarks.first_prior import commands, type_command


@pytest.mark.slow
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
    assert "priorbench plugins try local-mean" in new
    assert " passed" in tests and " failed" not in tests
    for word in ("local-mean", "GMM K=10", "non-local means", "against the best of the others"):
        assert word in first
    assert "local-mean-1" in varied and "local-mean-3" in varied
    results: Path = project.root / "results" / "try-local-mean"
    assert (results / "pictures.png").is_file()
    assert (results / "tables" / "psnr.md").is_file()
    scores = pd.read_parquet(results / "scores.parquet")
    assert {"local-mean-radius=1", "local-mean-radius=3"} <= set(scores["prior"])
