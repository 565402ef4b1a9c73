"""What a notebook gets of an experiment, without its plugins."""

import doctest
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from priorbench.figures.scores import draw_scores
from priorbench.plan import Plan
from priorbench.results import load, loading
from priorbench.results.planned import catalogue
from priorbench.results.rankings import rankings
from priorbench.results.schema import RUNS, SCORES
from priorbench.results.statistics import paired_differences, summarise
from priorbench.stages.tabulate import tabulate
from priorbench.stages.tabulate_partial import tabulate_partial
from tests.small_runs import pictures, plugin, run, without_workers


@pytest.fixture
def plan(bench: Any, monkeypatch: pytest.MonkeyPatch) -> Plan:
    """A finished experiment, whose plugins are gone."""
    without_workers(monkeypatch)
    pictures(bench, "ab")
    bench.plugin("mine", plugin())
    settings = {"light": {"parameters": {"by": 0.05}}, "dark": {"parameters": {"by": -0.1}}}
    plan: Plan = bench.plan(
        priors={"run": ["light", "dark"], "settings": settings}, metrics=["psnr", "residual"]
    )
    tabulate(run(plan))
    return plan


def test_rows_and_names_are_those_of_the_plan(plan: Plan) -> None:
    shutil.rmtree("plugins")
    results = load(plan.layout.root)
    assert list(results.scores.columns) == SCORES.schema.names
    assert list(results.runs.columns) == RUNS.schema.names
    assert (len(results.scores), len(results.runs)) == (8, 4)
    assert results.experiment == "tiny"
    names = catalogue(plan)
    assert results.catalogue.priors == names.priors
    assert results.catalogue.tasks == names.tasks
    assert results.catalogue.datasets == names.datasets
    assert results.catalogue.baselines == names.baselines
    for metric, spec in names.metrics.items():
        assert results.catalogue.metric_label(metric) == names.metric_label(metric)
        assert results.catalogue.metrics[metric].higher_is_better is spec.higher_is_better
        assert results.catalogue.metrics[metric].target == spec.target
    pd.testing.assert_frame_equal(results.summary(), summarise(results.scores, names.metrics))
    pd.testing.assert_frame_equal(
        results.paired(), paired_differences(results.scores, names.metrics)
    )
    pd.testing.assert_frame_equal(results.rankings(), rankings(results.scores, names.metrics))
    assert draw_scores(results.scores, results.catalogue, "psnr").axes


def test_tables_of_names_have_the_documented_columns(plan: Plan) -> None:
    results = load(plan.layout.root)
    assert dict(results.priors.loc["light-0.05"]) == {
        "label": "light-0.05",
        "name": "light",
        "family": "light",
        "baseline": False,
        "reference": "doi:10.1000/1",
        "summary": "adds a constant",
        "parameters": {"by": 0.05, "rounds": 1},
    }
    assert dict(results.tasks.loc["denoise-0"])["parameters"]["sigma"] == 0
    assert results.datasets.loc["photos", ["images", "name"]].tolist() == [2, "folder"]
    assert results.metrics.loc["psnr", "higher_is_better"] is True
    assert results.metrics.loc["residual", "higher_is_better"] is None
    assert results.metrics.loc["residual", "target"] == 1
    for frame in (results.priors, results.tasks, results.datasets, results.metrics):
        for column in frame.columns:
            assert f"``{column}``" in (loading.Results.__doc__ or "")


def test_a_folder_with_one_experiment_stands_for_it(plan: Plan) -> None:
    assert load("results").path == Path("results/tiny")
    assert load(Path("results/tiny")).path == Path("results/tiny")
    shutil.copytree("results/tiny", "results/other")
    with pytest.raises(ValueError, match="holds the experiments other, tiny: name one"):
        load("results")
    for folder in ("results/tiny/images", "nowhere"):
        with pytest.raises(FileNotFoundError, match="holds no results"):
            load(folder)


def test_partial_results_are_loaded_too(plan: Plan) -> None:
    tabulate_partial(plan)
    pd.testing.assert_frame_equal(load("results/tiny/partial").runs, load("results/tiny").runs)


def test_a_catalogue_that_is_missing_or_of_another_version_is_named(plan: Plan) -> None:
    path = plan.layout.catalogue()
    data = json.loads(path.read_text())
    path.write_text(json.dumps(data | {"schema_version": 2}))
    with pytest.raises(ValueError, match=r"catalogue\.json has schema_version 2.*update"):
        load("results/tiny")
    for content in ("[]", "{}", json.dumps(data | {"schema_version": "1"})):
        path.write_text(content)
        with pytest.raises(ValueError, match="is not the catalogue"):
            load("results/tiny")
    path.unlink()
    with pytest.raises(FileNotFoundError, match=r"tabulate --config results/tiny/config\.yaml"):
        load("results/tiny")


def test_the_example_of_the_docstring_is_true(bench: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    without_workers(monkeypatch)
    pictures(bench, "ab")
    source = plugin().replace('id=name + "-{by}"', 'id=""')
    bench.plugin("mine", source)
    settings = {"light": {"parameters": {"by": 0.05}}, "dark": {"parameters": {"by": -0.1}}}
    plan = run(
        bench.plan(priors={"run": ["light", "dark"], "settings": settings}, metrics=["psnr"])
    )
    tabulate(plan)
    failed, tried = doctest.testmod(loading)
    assert (failed, tried > 3) == (0, True)


def test_importing_it_is_light() -> None:
    code = (
        "import sys, priorbench.results; "
        "print([each for each in ('pandas', 'numpy', 'torch', 'pyarrow') if each in sys.modules])"
    )
    output = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert output.stdout.strip() == "[]"


def test_loading_imports_no_torch_and_no_plugin(plan: Plan) -> None:
    shutil.rmtree("plugins")
    code = (
        "import sys; from priorbench.results import load; load('results/tiny').summary(); "
        "print([each for each in ('torch', 'priorbench.plan', 'matplotlib') if each in sys.modules])"
    )
    output = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert output.stdout.strip() == "[]"
