"""From what a study finds to the table of all claims, and to the end of a run."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from priorbench.cli import app
from priorbench.plan import Plan
from priorbench.stages.claims import claims
from priorbench.stages.corrupt import corrupt
from priorbench.stages.gather import gather
from priorbench.stages.prepare import prepare
from priorbench.stages.restore import restore
from priorbench.stages.score import score
from priorbench.stages.study import study

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("in_process")]

PLUGIN = """
    from priorbench import PriorSpec, StudySpec, hookimpl
    from priorbench.priors import Prior, Restoration

    class Keep(Prior):
        def restore(self, problem, context):
            return Restoration(problem.y)

    def asked(experiment):
        import matplotlib.pyplot as plt
        from pathlib import Path
        from priorbench.studies import Claim, Estimate, Findings

        with open(Path(__file__).parents[1] / "asked", "a") as file:
            file.write("x")
        values = experiment.by_image("psnr")["photos", "denoise-25"]["keep"]
        mean = Estimate.of_mean(values, "dB")
        sure = Claim.judged("It is above 10 dB.", "us", mean.verdict("words", 10))
        open_ = Claim(statement="Who knows?", source="them", evidence="no", holds=None)
        return Findings(table=experiment.scores, figure=plt.figure(), claims=[sure, open_])

    @hookimpl
    def register_priors():
        yield PriorSpec(name="keep", factory=Keep, summary="for a test")

    @hookimpl
    def register_studies():
        for name in ("first", "second"):
            yield StudySpec(name=name, factory=asked, summary="for a test")
"""


@pytest.fixture
def finished(bench: Any) -> Plan:
    """Return the plan of an experiment whose first study is done."""
    random = np.random.default_rng(0)
    for name in ("one", "two"):
        bench.image(name, random.uniform(size=(16, 16)))
    bench.plugin("mine", PLUGIN)
    plan: Plan = bench.plan(
        priors={"run": ["keep"]}, metrics=["psnr"],
        tasks={"run": ["denoise"], "settings": {"denoise": {"parameters": {"sigma": 25}}}},
    )  # fmt: skip
    prepare(plan, "photos")
    corrupt(plan, "photos", "denoise-25")
    restore(plan, plan.chunk("photos", "keep", 0))
    score(plan, plan.chunk("photos", "keep", 0))
    gather(plan)
    study(plan, "first")
    return plan


def invoke(*arguments: str) -> str:
    result = CliRunner().invoke(app, list(arguments))
    assert result.exit_code == 0, result.output
    return result.output


def test_the_table_has_the_claims_of_every_study(finished: Plan) -> None:
    # While one is missing, the end of a run shows the others.
    told = json.loads(invoke("summary", "--json"))["claims"]
    assert [claim["study"] for claim in told] == ["first"] * 2
    with pytest.raises(FileNotFoundError):
        claims(finished)
    assert not finished.layout.table("claims", "csv").exists()
    study(finished, "second")
    invoke("claims")
    table = pd.read_csv(finished.layout.table("claims", "csv"))
    assert table["study"].tolist() == ["first"] * 2 + ["second"] * 2
    assert table["verdict"].tolist() == ["holds", "not decided"] * 2
    psnr = pd.read_parquet(finished.layout.result("scores"))["value"]
    assert table["value"].iloc[0] == pytest.approx(psnr.mean())
    assert table["low"].iloc[0] < psnr.min() and table["unit"].iloc[0] == "dB"
    assert table.loc[1, ["value", "low", "high", "unit"]].isna().all()


def test_the_end_of_a_run_shows_them(finished: Plan) -> None:
    text = invoke("summary")
    assert re.search(r"holds +It is above 10 dB\. +\d\d\.\d dB \[", text)
    assert "Who knows?" in text


def test_a_study_that_is_kept_gives_its_claims_back(finished: Plan) -> None:
    file = finished.layout.study("first", "json")
    before = file.read_bytes()
    file.unlink()
    study(finished, "first")
    assert file.read_bytes() == before
    [asked] = Path.cwd().rglob("asked")
    assert asked.read_text() == "x"


def test_without_a_study_there_is_no_table(bench: Any) -> None:
    bench.image("one", np.zeros((16, 16)))
    bench.plugin("mine", PLUGIN)
    plan = bench.plan(priors={"run": ["keep"]}, metrics=["psnr"], studies=[])
    with pytest.raises(ValueError, match="no studies"):
        claims(plan)
    assert json.loads(invoke("summary", "--json"))["claims"] == []
