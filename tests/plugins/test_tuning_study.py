from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from plugins.studies.tuning import claims, measure, study
from priorbench.config import ConfigError
from priorbench.plugins.manager import load_plugins
from priorbench.priors import Prior, Restoration
from priorbench.results import Catalogue
from priorbench.specs import MetricSpec
from priorbench.studies import Experiment
from priorbench.tasks import Denoise, Inpaint
from priorbench.testing import GivenExperiment
from tests.conftest import Bench
from tests.small_runs import pictures, run, without_workers

TUNING = load_plugins([Path(__file__).parents[2] / "plugins"]).studies["tuning"].load()
TASKS = {"denoise": Denoise(25), "inpaint": Inpaint(50)}
BRIGHTER = (0.0, 0.05, 0.1, 0.2)


class Brighter(Prior):
    """Adds a constant to the observation, the less the better."""

    def __init__(self, by, other=1):
        self.by = by

    def restore(self, problem, context):
        return Restoration(problem.estimate() + self.by)


@pytest.fixture
def experiment():
    """Two images; a prior whose only good parameter is 0, and one that was not tuned."""
    images = {
        name: torch.rand((1, 1, 12, 12), generator=torch.Generator().manual_seed(seed)) / 2
        for seed, name in enumerate(("one", "two"))
    }
    made = {
        task: {
            name: each.corrupt(image, torch.Generator().manual_seed(0))
            for name, image in images.items()
        }
        for task, each in TASKS.items()
    }
    rows = [
        ("set", image, task, prior, "psnr", 20.0, "measured")
        for task in TASKS
        for image in images
        for prior in ("brighter", "fixed")
    ]
    return GivenExperiment(
        scores=pd.DataFrame(
            rows, columns=["dataset", "image", "task", "prior", "metric", "value", "source"]
        ),
        catalogue=Catalogue(
            priors={"brighter": "brighter", "fixed": "fixed"},
            tasks={task: task for task in TASKS},
            datasets=("set",),
            metrics={"psnr": MetricSpec(name="psnr", factory=".m:f", summary="", unit="dB")},
        ),
        parameters={"brighter": {"by": 0.2, "other": 3}, "fixed": {"by": 0.1}},
        priors={"brighter": Brighter(0.2), "fixed": Brighter(0.1)},
        images={"set": images},
        made=made,
        corruptions=TASKS,
        combinations={"brighter": [{"by": by} for by in BRIGHTER]},
        chosen={("brighter", task): {"by": 0.05, "other": 3} for task in TASKS},
    )


def test_the_oracle_has_the_best_candidate_and_the_others_theirs(experiment):
    measured = measure.measure(experiment)
    assert set(measured["prior"]) == {"brighter"}
    assert (measured["combinations"] == len(BRIGHTER)).all()
    for row in measured.to_dict("records"):
        problem, clean = experiment.problems("set", row["task"])[row["image"]]
        for choice, by in (("default", 0.2), ("tuned", 0.05), ("oracle", 0.0)):
            restored = problem.estimate() + by
            assert row[choice] == experiment.psnr(row["task"], restored, clean)


def test_a_default_outside_of_the_grid_may_be_the_best(experiment):
    made = replace(
        experiment,
        combinations={"brighter": [{"by": 0.1}, {"by": 0.2}]},
        chosen={("brighter", task): {"by": 0.1} for task in TASKS},
        parameters={**experiment.parameters, "brighter": {"by": 0.0, "other": 3}},
    )
    measured = measure.measure(made)
    assert (measured["oracle"] == measured["default"]).all()
    assert (measured["tuned"] < measured["default"]).all()


def test_images_that_the_prior_did_not_restore_are_left_out(experiment):
    scores = experiment.scores
    made = replace(experiment, scores=scores[scores["image"] == "one"])
    assert set(measure.measure(made)["image"]) == {"one"}


def test_the_study_has_a_row_for_each_prior_and_task(experiment):
    findings = TUNING(experiment)
    assert list(findings.table["task"]) == list(TASKS)
    assert (findings.table["gain_db"] > 0).all()
    assert len([axes for axes in findings.figure.axes if axes.get_visible()]) == len(TASKS)


def test_without_anything_tuned_nothing_is_decided(experiment):
    findings = TUNING(replace(experiment, combinations={}))
    assert findings.table.empty
    assert [claim.holds for claim in findings.claims] == [None, None]
    assert {claim.evidence for claim in findings.claims} == {claims.NOTHING}


def rows(gain, left):
    jitter = np.array([-0.01, 0.0, 0.01])
    return pd.DataFrame(
        {
            "dataset": "set",
            "task": "denoise",
            "image": ["x", "y", "z"],
            "prior": "brighter",
            "combinations": 4,
            "default": 30.0,
            "tuned": 30.0 + gain + jitter,
            "oracle": 30.0 + gain + left + 2 * jitter,
        }
    )


@pytest.mark.parametrize(
    ("gain", "left", "holds"),
    [(0.3, 0.0, [True, True]), (-0.3, 0.5, [False, False]), (-0.05, 0.2, [None, None])],
)
def test_verdicts_follow_the_numbers(experiment, gain, left, holds):
    judged = claims.claims(rows(gain, left), experiment.catalogue)
    assert [claim.holds for claim in judged] == holds
    table = study.summarise(rows(gain, left), experiment.catalogue)
    assert table["gain_db"].item() == pytest.approx(gain)


def test_the_evidence_is_that_of_the_furthest_from_holding(experiment):
    other = rows(0.1, 0.0).assign(task="inpaint")
    claim, _ = claims.claims(pd.concat([rows(0.3, 0.0), other]), experiment.catalogue)
    assert "inpaint" in claim.evidence and "of 2" in claim.evidence


PLUGIN = """
    from priorbench import Parameters, PriorSpec, StudySpec, hookimpl
    from priorbench.priors import Prior, Restoration

    class BrighterParameters(Parameters):
        by: float = 0.3
        sign: int = 1

    class Brighter(Prior):
        def __init__(self, by, sign):
            self.by = sign * by

        def restore(self, problem, context):
            return Restoration(problem.estimate() + self.by)

    @hookimpl
    def register_priors():
        yield PriorSpec(
            name="brighter", factory=Brighter, summary="for a test", parameters=BrighterParameters,
            tunable={"by": (0.1, 0.02)},
        )

    @hookimpl
    def register_studies():
        yield StudySpec(name="values", factory=list, summary="for a test")
"""


def test_a_finished_experiment_says_what_was_tried_and_chosen(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_workers(monkeypatch)
    pictures(bench, "ab")
    pictures(bench, "cd", folder="lessons")
    bench.plugin("own", PLUGIN)
    folders = {
        name: {"source": "folder", "parameters": {"path": name}} for name in ("photos", "lessons")
    }
    plan = bench.plan(
        datasets=folders,
        train="lessons",
        priors={
            "run": ["brighter"],
            "settings": {"brighter": {"tune": True, "parameters": {"sign": -1}}},
        },
        metrics=["psnr"],
        studies=["values"],
    )
    finished = Experiment.read(run(plan), "values")
    (prior,), (task,) = plan.priors, plan.tasks
    assert finished.tried(prior) == [{"by": 0.1}, {"by": 0.02}]
    assert finished.tuned(prior, task) == {"by": 0.02, "sign": -1}
    assert finished.prior(prior).by == -0.3
    assert finished.prior(prior, {"by": 0.1}).by == -0.1
    with pytest.raises(ConfigError, match="by"):
        finished.prior(prior, {"by": "bright"})
    measured = measure.measure(finished)
    assert (measured["tuned"] > measured["default"]).all()
    assert (measured["oracle"] == measured["tuned"]).all()
    scores = finished.by_image("psnr")["photos", task][prior]
    np.testing.assert_allclose(measured.set_index("image")["tuned"], scores, atol=0.01)
