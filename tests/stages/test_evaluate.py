"""Metrics that need no clean image are found where the problem is open, and cost nothing but
themselves.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from typing import Any

import numpy as np
import pytest

from priorbench.data.images import read_image
from priorbench.plan import Plan
from priorbench.stages.corrupt import corrupt
from priorbench.stages.prepare import prepare
from priorbench.stages.restore import restore
from priorbench.stages.score import score
from priorbench.store.cell import Cell
from priorbench.store.files import read_json, read_rows

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("quick_start")]

TASK = "denoise-25"
PLUGIN = """
from priorbench import MetricSpec, PriorSpec, hookimpl

@hookimpl
def register_priors():
    yield PriorSpec(name="still", factory=".model:Still", summary="for a test")

@hookimpl
def register_metrics():
    yield MetricSpec(name="mine", factory=".measure:mine", of_problem=True, summary="for a test")
"""
MODEL = """
from priorbench.priors import Denoiser

class Still(Denoiser):
    def denoise(self, image, sigma):
        return image
"""


def plugin(bench: Any, metric: str) -> None:
    folder = bench.root / "plugins" / "mine"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "plugin.py").write_text(PLUGIN)
    (folder / "model.py").write_text(MODEL)
    (folder / "measure.py").write_text(metric)


def made(bench: Any, metric: str, metrics: tuple[str, ...] = ("psnr", "residual", "mine")) -> Plan:
    """Return a plan whose prior ``still`` has restored two images."""
    for seed, image in enumerate(("one", "two")):
        bench.image(image, np.random.default_rng(seed).random((20, 24)))
    plugin(bench, metric)
    plan: Plan = bench.plan(tasks={"run": ["denoise"]}, metrics=list(metrics))
    prepare(plan, "photos")
    corrupt(plan, "photos", TASK)
    restore(plan, plan.chunk("photos", "still", 0))
    return plan


def values(plan: Plan) -> dict[tuple[str, str], Any]:
    """Score all images as if none had been scored before."""
    shutil.rmtree(plan.layout.root / "scored", ignore_errors=True)
    score(plan, plan.chunk("photos", "still", 0))
    rows = read_rows(plan.layout.scores(plan.chunk("photos", "still", 0)))
    return {(row["image"], row["metric"]): row["value"] for row in rows}


def test_scoring_needs_no_torch(bench: Any) -> None:
    plan = made(bench, "mine = lambda restored, problem: 2.5")
    code = (
        "import sys\nfrom pathlib import Path\n"
        "from priorbench.config import load_experiment\nfrom priorbench.plan import Plan\n"
        "from priorbench.stages.score import score\n"
        "plan = Plan(load_experiment(Path('config.yaml')))\n"
        "score(plan, plan.chunk('photos', 'still', 0))\n"
        "assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
    rows = read_rows(plan.layout.scores(plan.chunk("photos", "still", 0)))
    assert {row["metric"] for row in rows if row["status"] == "ok"} == {"psnr", "residual", "mine"}
    assert {row["value"] for row in rows if row["metric"] == "mine"} == {2.5}


def test_the_value_is_the_one_that_scoring_alone_finds(bench: Any) -> None:
    plan = made(bench, "mine = lambda restored, problem: float((restored - problem.y).abs().sum())")
    found = values(plan)
    for image in ("one", "two"):
        file = plan.layout.restored(Cell("photos", TASK, "still"), f"{image}.json")
        record = read_json(file)
        assert set(record.pop("measured")) == {"residual", "mine"}
        file.write_text(json.dumps(record))
    assert values(plan) == found


def test_a_metric_that_came_or_changed_later_is_measured_then(bench: Any) -> None:
    plan = made(bench, "mine = lambda restored, problem: 1", metrics=("psnr",))
    assert "measured" not in read_json(
        plan.layout.restored(Cell("photos", TASK, "still"), "one.json")
    )
    plan = bench.plan(tasks={"run": ["denoise"]}, metrics=["psnr", "mine"])
    assert values(plan)["one", "mine"] == 1
    known = {"value": 7, "status": "ok", "reason": ""}
    for code, expected in ((plan.fingerprints.metric("mine"), 7), ("that of another day", 1)):
        for image in ("one", "two"):
            file = plan.layout.restored(Cell("photos", TASK, "still"), f"{image}.json")
            file.write_text(
                json.dumps(read_json(file) | {"measured": {"mine": {"fingerprint": code, **known}}})
            )
        assert values(plan)["one", "mine"] == expected


@pytest.mark.parametrize("metric", ["def mine(*_): import os; os._exit(3)", "def mine(*_): 1 / 0"])
def test_a_metric_that_breaks_costs_no_restoration(bench: Any, metric: str) -> None:
    plan = made(bench, metric)
    rows = read_rows(plan.layout.runs(plan.chunk("photos", "still", 0)))
    assert [row["status"] for row in rows] == ["ok", "ok"]
    assert read_image(plan.layout.restored(Cell("photos", TASK, "still"), "two.png")).shape == (
        20,
        24,
    )
