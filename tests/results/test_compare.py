"""Comparisons of two priors and of two experiments, against plain arithmetic and scipy."""

from __future__ import annotations

import json
import math
import shutil
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import ttest_rel
from typer.testing import CliRunner

from priorbench.cli import app
from priorbench.plan import Plan
from priorbench.results import load
from priorbench.results.catalogue import Catalogue
from priorbench.results.compare import Comparison, Row, compare_experiments, compare_priors
from priorbench.results.loading import Results
from priorbench.results.schema import RUNS, SCORES
from priorbench.specs import MetricSpec
from priorbench.stages.tabulate import tabulate
from tests.small_runs import pictures, plugin, run, without_workers

METRICS = {
    "psnr": MetricSpec(name="psnr", factory=".a:b", summary="", unit="dB"),
    "error": MetricSpec(name="error", factory=".a:b", summary="", higher_is_better=False),
    "odd": MetricSpec(name="odd", factory=".a:b", summary="", higher_is_better=None),
}
Values = Mapping[tuple[str, str, str], Mapping[str, float | None]]
"""(prior, task, metric) → image → value."""


def results(
    values: Values, seconds: Mapping[str, float] | None = None, device: float | None = None
) -> Results:
    """Return results with given scores, and for each prior seconds of every image."""
    scores, runs = [], []
    for (prior, task, metric), images in values.items():
        for image, value in images.items():
            cell = {"experiment": "e", "dataset": "d", "image": image, "task": task, "prior": prior}
            status = "ok" if value is not None else "failed"
            scores.append(
                dict.fromkeys(SCORES.schema.names, "")
                | cell
                | {"metric": metric, "value": value, "status": status, "source": "measured"}
            )
            took = (seconds or {}).get(prior, 1.0)
            runs.append(
                dict.fromkeys(RUNS.schema.names, "")
                | cell
                | {"status": status, "seconds": took, "processor_seconds": took}
                | {"device_memory_mb": device}
            )
    published = dict(scores[0], image="", source="paper", value=99.0)
    priors, tasks = ({key[i]: key[i] for key in values} for i in (0, 1))
    run_rows = pd.DataFrame(runs).drop_duplicates(["image", "task", "prior"])
    return Results(
        path=Path("nowhere"),
        experiment="e",
        scores=pd.DataFrame([*scores, published]).astype({"value": float}),
        runs=run_rows.astype({"device_memory_mb": float}),
        priors=pd.DataFrame(index=list(priors)),
        tasks=pd.DataFrame(index=list(tasks)),
        datasets=pd.DataFrame(index=["d"]),
        metrics=pd.DataFrame(index=list(METRICS)),
        catalogue=Catalogue(priors=priors, tasks=tasks, datasets=("d",), metrics=METRICS),
    )


def only(comparison: Comparison) -> Row:
    [row] = comparison.rows
    return row


numbers = st.floats(-50, 50, allow_nan=False).map(lambda value: round(value, 3))
images = st.dictionaries(st.sampled_from("abcdefgh"), st.none() | numbers, min_size=1)


@given(images, images)
def test_differences_are_those_of_the_common_images(
    a: dict[str, float | None], b: dict[str, float | None]
) -> None:
    row = only(compare_priors(results({("x", "t", "psnr"): a, ("y", "t", "psnr"): b}), "x", "y"))
    common = sorted(i for i in a.keys() & b.keys() if a[i] is not None and b[i] is not None)
    both = a.keys() & b.keys()
    assert row.n == len(common)
    assert (row.only_in_a, row.only_in_b) == (len(a.keys() - b.keys()), len(b.keys() - a.keys()))
    assert row.failed_in_a == sum(a[i] is None and b[i] is not None for i in both)
    assert row.failed_in_b == sum(b[i] is None and a[i] is not None for i in both)
    ours, theirs = ([values[i] for i in common] for values in (a, b))
    if not common:
        assert math.isnan(row.mean_a) and math.isnan(row.difference) and math.isnan(row.low)
        return
    assert row.mean_a == pytest.approx(np.mean(ours), abs=1e-9)
    assert row.mean_b == pytest.approx(np.mean(theirs), abs=1e-9)
    assert row.difference == pytest.approx(row.mean_b - row.mean_a, abs=1e-9)
    if len(common) < 2:
        assert math.isnan(row.low) and math.isnan(row.p_value)
    elif np.ptp(np.subtract(theirs, ours)) > 1e-3:
        test = ttest_rel(theirs, ours)
        interval = test.confidence_interval(0.95)
        assert (row.low, row.high) == pytest.approx((interval.low, interval.high), rel=1e-6)
        assert row.p_value == pytest.approx(test.pvalue, rel=1e-6)


@given(images, images)
def test_the_other_way_round_the_signs_are_others(
    a: dict[str, float | None], b: dict[str, float | None]
) -> None:
    both = results({("x", "t", "psnr"): a, ("y", "t", "psnr"): b})
    there, back = only(compare_priors(both, "x", "y")), only(compare_priors(both, "y", "x"))
    assert back.difference == pytest.approx(-there.difference, nan_ok=True)
    assert (back.low, back.high) == pytest.approx((-there.high, -there.low), nan_ok=True)
    assert (back.failed_in_a, back.only_in_b) == (there.failed_in_b, there.only_in_a)


@pytest.mark.parametrize(
    ("metric", "b", "limit", "worse"),
    [
        ("psnr", [29.9, 29.9], 0.1, False),
        ("psnr", [29.8, 29.9], 0.1, True),
        # Far inside the interval: the mean decides.
        ("psnr", [20.0, 39.0], 0.1, True),
        ("psnr", [31.0, 31.0], 0.0, False),
        ("psnr", [30.0, 30.0], 0.0, False),
        ("error", [30.2, 30.2], 0.1, True),
        ("error", [29.0, 29.0], 0.1, False),
        ("psnr", [30.0, None], 10.0, True),
        ("psnr", [None, None], 10.0, True),
        ("psnr", [20.0, 20.0], None, False),
    ],
)
def test_worse_is_a_mean_beyond_the_limit_or_a_failure(
    metric: str, b: list[float | None], limit: float | None, worse: bool
) -> None:
    values = {
        ("x", "t", metric): {"a": 30.0, "b": 30.0},
        ("y", "t", metric): dict(zip("ab", b, strict=True)),
    }
    assert only(compare_priors(results(values), "x", "y", [metric], limit=limit)).worse is worse


def test_failing_where_the_reference_failed_too_is_not_worse() -> None:
    values: Values = {
        ("x", "t", "psnr"): {"a": 30.0, "b": None, "c": None},
        ("y", "t", "psnr"): {"a": 30.0, "b": None, "c": 20.0},
    }
    row = only(compare_priors(results(values), "x", "y", limit=0.0))
    assert (row.worse, row.n, row.failed_in_a, row.failed_in_b) == (False, 1, 1, 0)


def test_costs_are_compared_on_one_kind_of_device() -> None:
    values: Values = {(prior, "t", "psnr"): {"a": 30.0, "b": 31.0} for prior in "xy"}
    own = results(values, {"x": 4.0, "y": 3.0})
    assert only(compare_priors(own, "x", "y")).cost_ratio == pytest.approx(0.75)
    other = results(values, {"x": 2.0}, device=100.0)
    rows = compare_experiments(own, other, other_problems=True).rows
    assert all(math.isnan(row.cost_ratio) for row in rows)


def test_tasks_and_metrics_are_chosen_and_what_is_on_one_side_is_told() -> None:
    one = {"a": 30.0}
    values: Values = {
        ("x", "t", "psnr"): one,
        ("x", "t", "error"): one,
        ("x", "u", "psnr"): one,
        ("x", "w", "psnr"): one,
        ("y", "t", "psnr"): one,
        ("y", "t", "error"): one,
        ("y", "w", "psnr"): one,
    }
    both = results(values)
    comparison = compare_priors(both, "x", "y")
    assert [(row.task, row.metric) for row in comparison.rows] == [("t", "psnr"), ("w", "psnr")]
    assert comparison.remarks == ("Only x was run on d/u.",)
    chosen = compare_priors(both, "x", "y", ["error", "psnr"], ["t"])
    assert [(row.task, row.metric) for row in chosen.rows] == [("t", "error"), ("t", "psnr")]
    assert chosen.remarks == ()


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("x", "z"), "unknown prior 'z'"),
        (("x", "x"), "x can't be compared with itself"),
        (("x", "y", ["ssim"]), "unknown metric 'ssim'"),
        (("x", "y", [], ["v"]), "unknown task 'v'"),
        (("x", "y", ["odd"], [], 0.1), "odd has no direction"),
        (("x", "y", [], [], -0.1), "must be 0 or more units, not -0.1"),
        (("x", "y", [], [], math.nan), "must be 0 or more units, not nan"),
        (("x", "other"), "no task was done by both x and other"),
    ],
)
def test_what_can_not_be_compared_is_named(arguments: tuple[Any, ...], reason: str) -> None:
    values: Values = {
        ("x", "t", "psnr"): {"a": 1.0},
        ("y", "t", "psnr"): {"a": 1.0},
        ("other", "u", "psnr"): {"a": 1.0},
    }
    with pytest.raises(ValueError, match=reason):
        compare_priors(results(values), *arguments)


def test_experiments_without_anything_in_common_are_refused() -> None:
    one, two = (results({(prior, "t", "psnr"): {"a": 1.0}}) for prior in "xy")
    with pytest.raises(ValueError, match=r"no prior, task and data set in common: .* d/t/x"):
        compare_experiments(one, two, other_problems=True)


def test_a_metric_of_the_same_name_and_another_meaning_is_refused() -> None:
    one = results({("x", "t", "psnr"): {"a": 1.0}})
    for spec, reason in (
        (replace(METRICS["psnr"], unit=""), "its unit is '', not 'dB'"),
        (replace(METRICS["psnr"], higher_is_better=False), "its higher_is_better is False"),
    ):
        other = replace(one, catalogue=replace(one.catalogue, metrics={"psnr": spec}))
        with pytest.raises(ValueError, match=reason):
            compare_experiments(one, other, other_problems=True)
    with pytest.raises(ValueError, match="has no scores in psnr, only in error"):
        other = replace(one, catalogue=replace(one.catalogue, metrics={"error": METRICS["error"]}))
        compare_experiments(one, other, other_problems=True)


@pytest.fixture
def pair(bench: Any, monkeypatch: pytest.MonkeyPatch) -> tuple[Plan, Plan]:
    """The results of two commits: in the second, `dark` fails on the darkest image."""
    without_workers(monkeypatch)
    pictures(bench, "ab")
    bench.image("c", np.full((16, 20), 0.1))
    plans = []
    for results_folder, failing in (("one", 0.0), ("two", 0.2)):
        bench.plugin("mine", plugin(failing=failing))
        # A plugin is imported once in a process.
        sys.modules.pop("plugins.mine", None)
        plan = bench.plan(
            results=results_folder,
            priors={"run": ["light", "dark"]},
            metrics=["psnr", "residual"],
            tasks={"run": ["denoise"], "settings": {"denoise": {"parameters": {"sigma": 25}}}},
        )
        tabulate(run(plan))
        plans.append(plan)
    return plans[0], plans[1]


def command(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["compare", *arguments])
    if isinstance(result.exception, ValueError):
        return 2, str(result.exception)
    return result.exit_code, result.output


@pytest.mark.slow
def test_two_commits_are_compared_in_ci(pair: tuple[Plan, Plan]) -> None:
    one, two = "one/tiny", "two/tiny"
    assert command(one, one, "--fail-if-worse", "0")[0] == 0
    code, output = command(one, two, "--fail-if-worse", "0.1")
    assert code == 1
    assert "worse than A by more than 0.1 in 2 of 2" in output
    assert "photos/denoise-25/dark-0.05 in psnr: +0 in the mean, failed on 1 more image" in output
    # Without a limit nothing fails, and a failure that was repaired is no harm.
    assert command(one, two)[0] == 0
    assert command(two, one, "--fail-if-worse", "0")[0] == 0
    code, output = command(one, two, "--fail-if-worse", "0.1", "--json", "--metric", "psnr")
    data = json.loads(output)
    assert (code, data["worse"], data["limit"], data["a"]) == (1, 2, 0.1, one)
    assert [(row["n"], row["failed_in_b"], row["worse"]) for row in data["rows"]] == [
        (2, 1, True)
    ] * 2
    assert command(one, two, "--metric", "residual", "--fail-if-worse", "1")[0] == 2


@pytest.mark.slow
def test_two_priors_are_compared_by_their_ids(pair: tuple[Plan, Plan]) -> None:
    found = compare_priors(load("two/tiny"), "light-0.05", "dark-0.05")
    assert only(found).difference == 0
    code, output = command("light-0.05", "dark-0.05", "--config", "config.yaml")
    assert code == 0 and "dark-0.05 − light-0.05" in output and "+0.00 … +0.00" in output
    code, output = command("one/tiny", "one/nothing")
    assert code == 2 and "one/nothing is no folder" in output


@pytest.mark.slow
def test_other_problems_are_refused_unless_allowed(pair: tuple[Plan, Plan]) -> None:
    path = pair[1].layout.problems("photos", "denoise-25")
    original = json.loads(path.read_text())

    def with_changes(**about: Any) -> str:
        path.write_text(json.dumps({**original, "about": original["about"] | about}))
        code, output = command("one/tiny", "two/tiny")
        assert code == 2 and "--allow-other-problems" in output
        assert command("one/tiny", "two/tiny", "--allow-other-problems")[0] == 0
        return output

    assert "the experiment's seed is 0 and 5" in with_changes(seed=5)
    assert "the border that is not scored is [0, 0] and [4, 4]" in with_changes(border=[4, 4])
    assert "whether luma is scored is False and True" in with_changes(luminance=True)
    original["images"]["b"]["sha256"] = "0" * 64
    assert "the checksums differ), as of b" in with_changes()
    other = original["about"]["task"] | {"parameters": {"sigma": 30.0}}
    assert "parameters are {'sigma': 25.0} and {'sigma': 30.0}" in with_changes(task=other)
    # Images that only one of them has decide nothing.
    original["images"]["z"] = original["images"].pop("b")
    path.write_text(json.dumps(original))
    assert command("one/tiny", "two/tiny")[0] == 0
    shutil.rmtree("two/tiny/problems")
    assert "so nobody can tell" in command("one/tiny", "two/tiny")[1]
    assert command("one/tiny", "two/tiny", "--allow-other-problems")[0] == 0
