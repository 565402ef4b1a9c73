"""What the commands print for programs, for narrow terminals and for terminals without σ."""

import json
import os
import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from priorbench.cli import app
from priorbench.plan import Plan
from priorbench.stages.corrupt import corrupt
from priorbench.stages.gather import gather
from priorbench.stages.prepare import prepare
from priorbench.stages.restore import restore
from priorbench.stages.score import score
from priorbench.store.cell import Cell

PRIORS = """
    from priorbench import PriorSpec, hookimpl
    from priorbench.priors import Prior, Restoration

    class Keep(Prior):
        def restore(self, problem, context):
            return Restoration(problem.estimate())

    class Fail(Prior):
        def restore(self, problem, context):
            raise ArithmeticError("never")

    @hookimpl
    def register_priors():
        yield PriorSpec(name="keep", factory=Keep, summary="for a test")
        yield PriorSpec(name="fail", factory=Fail, summary="for a test")
"""


def finished(bench: Any, *priors: str) -> Plan:
    """Return the plan of an experiment whose rows are gathered."""
    bench.image("one", np.linspace(0, 1, 256).reshape(16, 16))
    bench.plugin("mine", PRIORS)
    plan: Plan = bench.plan(
        priors={"run": list(priors)}, metrics=["psnr"],
        tasks={"run": ["denoise"], "settings": {"denoise": {"parameters": {"sigma": 25}}}},
    )  # fmt: skip
    prepare(plan, "photos")
    corrupt(plan, "photos", "denoise-25")
    for prior in priors:
        restore(plan, plan.chunk("photos", prior, 0))
        score(plan, plan.chunk("photos", prior, 0))
    gather(plan)
    return plan


def printed(*arguments: str, code: int = 0) -> Any:
    result = CliRunner().invoke(app, list(arguments))
    assert result.exit_code == code, result.output
    return json.loads(result.output)


@pytest.mark.slow
def test_each_command_prints_json(bench: Any) -> None:
    plan = finished(bench, "keep", "fail")
    seen = printed("status", "--json")
    counts = {prior["prior"]: (prior["done"], prior["failed"]) for prior in seen["priors"]}
    assert counts == {"keep": (1, 0), "fail": (0, 1)}
    told = printed("summary", "--json")
    [row] = [row for row in told["scores"] if row["prior"] == "keep"]
    # σ = 25: the noise alone, clipped.
    assert 19 < row["mean"] < 22
    assert row["low"] is None
    assert told["gathered"] and told["results"] == str(plan.layout.root)
    assert [failure["what"] for failure in told["failures"]]
    taken = printed("plan", "--json", "--cores", "2")
    assert taken["cells"] == 2 and taken["hours"] > 0
    listed = printed("plugins", "list", "--json")
    assert {"keep", "fail"} <= {spec["name"] for spec in listed["specs"]}
    checked = printed("verify", "--json")
    assert checked["checked"] > 0 and checked["found"] == []
    plan.layout.restored(Cell("photos", "denoise-25", "keep"), "one.png").write_bytes(b"damaged")
    assert len(printed("verify", "--json", code=1)["found"]) == 1


@pytest.mark.slow
def test_failed_rows_end_a_summary_with_1_where_that_is_asked_for(bench: Any) -> None:
    assert CliRunner().invoke(app, ["summary", "--fail-on-failed-rows"]).exit_code
    finished(bench, "keep")
    assert CliRunner().invoke(app, ["summary", "--fail-on-failed-rows"]).exit_code == 0
    finished(bench, "keep", "fail")
    assert CliRunner().invoke(app, ["summary"]).exit_code == 0
    assert CliRunner().invoke(app, ["summary", "--fail-on-failed-rows"]).exit_code == 1


@pytest.mark.slow
def test_a_terminal_without_sigma_fails_nothing(bench: Any) -> None:
    finished(bench, "keep")
    for command, encoding in ((["summary"], "ascii"), (["plugins", "list"], "cp1252")):
        ended = subprocess.run(
            [sys.executable, "-m", "priorbench", *command],
            env={**os.environ, "PYTHONIOENCODING": encoding, "PYTHONUTF8": "0"},
            capture_output=True,
            check=True,
        )
        assert ended.stdout.decode(encoding)


@pytest.mark.parametrize(
    "command", [[], ["plugins"], ["plugins", "list"], ["config", "show"], ["train"]]
)
def test_h_is_help(command: list[str]) -> None:
    result = CliRunner().invoke(app, [*command, "-h"])
    assert result.exit_code == 0 and "Usage" in result.output


def test_show_takes_the_ids_of_an_experiment(bench: Any) -> None:
    bench.image("one", np.full((16, 16), 0.5))
    bench.plugin("mine", PRIORS)
    bench.plan(
        tasks={"run": ["denoise"], "settings": {"denoise": {"parameters": {"sigma": [15, 50]}}}}
    )
    output = CliRunner().invoke(app, ["plugins", "show", "denoise-50"]).output
    assert "denoise: task, id denoise-50" in output
    [row] = [line for line in output.splitlines() if "standard deviation" in line]
    assert [cell.strip() for cell in row.strip("│").split("│")][:4] == [
        "sigma",
        "50.0",
        "number",
        "25",
    ]
    wrong = CliRunner().invoke(app, ["plugins", "show", "denoise-51"])
    assert "denoise-50" in str(wrong.exception)
