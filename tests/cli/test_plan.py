from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from priorbench.cli import app

PLUGIN = """
    from priorbench import PriorSpec, hookimpl

    @hookimpl
    def register_priors():
        yield PriorSpec(name="mine", factory=".nowhere:Mine", summary="for a test")
"""


@pytest.fixture
def told(bench: Any) -> str:
    bench.image("one", np.zeros((64, 64)))
    bench.plugin("mine", PLUGIN)
    bench.plan()
    result = CliRunner().invoke(app, ["plan", "--cores", "4"])
    assert result.exit_code == 0, result.output
    return result.output


def test_the_plan_tells_jobs_hours_disk_and_the_critical_path(told: str) -> None:
    for word in (
        "restorations in",
        "core-hours",
        "GB in about",
        "critical path: ",
        "on 4 cores",
        "mine",
    ):
        assert word in told


def test_nothing_is_written(told: str, bench: Any) -> None:
    assert not (bench.root / "results").exists()
