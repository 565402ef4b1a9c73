from typing import Any

import numpy as np
import pandas as pd
import pytest

from priorbench.errors import MachineError
from priorbench.plan import Plan
from priorbench.stages.corrupt import corrupt
from priorbench.stages.prepare import prepare
from priorbench.stages.restore import restore
from priorbench.stages.train import train
from priorbench.store.files import file_sha256, read_json, read_rows

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("quick_start")]

PRIOR = """
    import os, signal, sys, time
    import torch
    from priorbench import Parameters, PriorSpec, Resources, hookimpl
    from priorbench.priors import Learned, Prior, Restoration

    class StudentParameters(Parameters):
        what: str = "fine"

    class Student(Prior, Learned):
        def __init__(self, what):
            self.what, self.mean = what, None

        def fit(self, images, context):
            yield {"iteration": 0, "loss": 1.0}
            if self.what == "raises":
                raise ValueError("the images are too small")
            if self.what == "exits":
                sys.exit(4)
            if self.what == "vanishes":
                os._exit(4)
            if self.what == "killed":
                os.kill(os.getpid(), signal.SIGKILL)
            if self.what == "killed once":
                saved = context.checkpoint.load()
                context.checkpoint._every = 0
                context.checkpoint.save(lambda: {"step": torch.tensor(7)})
                if saved is None:
                    os.kill(os.getpid(), signal.SIGKILL)
                yield {"iteration": int(saved["step"]), "loss": 0.7}
            if self.what == "hangs":
                time.sleep(600)
            while self.what == "endless":
                time.sleep(0.01)
                context.progress(0.5)
                yield {"iteration": 1, "loss": 1.0}
            self.mean = torch.stack([image.mean() for image in images]).mean()
            yield {"iteration": 1, "loss": float("nan") if self.what == "nan" else 0.5}

        def state_dict(self):
            return {"mean": self.mean.reshape(1)}

        def load_state_dict(self, state):
            self.mean = state["mean"][0]

        def restore(self, problem, context):
            return Restoration(torch.full_like(problem.y, float(self.mean)))

    @hookimpl
    def register_priors():
        yield PriorSpec(
            name="student", factory=Student, summary="for a test", learns=True, parameters=StudentParameters,
            resources=Resources(training_minutes=0.05),
        )
"""


def stage(bench: Any, what: str, prior: str = PRIOR) -> Plan:
    """Return a plan of a prior that learns and behaves so, with its training images ready."""
    for level in (0.2, 0.6):
        bench.image(f"level-{level}", np.full((12, 12), level), folder="lessons")
    bench.image("one", np.full((12, 12), 0.5))
    bench.plugin("student", prior)
    sets = {
        name: {"source": "folder", "parameters": {"path": name}} for name in ("photos", "lessons")
    }
    settings = {"student": {"parameters": {"what": what}}}
    plan: Plan = bench.plan(datasets=sets, train="lessons", priors={"settings": settings})
    if plan.learners:
        prepare(plan, "lessons")
    return plan


def restored_row(plan: Plan) -> dict[str, Any]:
    prepare(plan, "photos")
    corrupt(plan, "photos", "denoise-0")
    restore(plan, plan.chunk("photos", "student", 0))
    [row] = read_rows(plan.layout.runs(plan.chunk("photos", "student", 0)))
    return row


def test_a_fit_leaves_a_model_a_curve_and_what_it_is(bench: Any) -> None:
    plan = stage(bench, "fine")
    (bench.root / "lessons" / "broken.png").touch()
    plan = Plan(plan.experiment)
    prepare(plan, "lessons")
    outcome = train(plan, "student")
    assert outcome.ok
    assert outcome.seconds is not None
    layout = plan.layout
    assert pd.read_csv(layout.curve("student")).to_dict("list") == {
        "iteration": [0, 1],
        "loss": [1.0, 0.5],
    }
    report = read_json(layout.training("student"))
    assert report["sha256"] == file_sha256(layout.model("student"))
    assert read_json(layout.model_spec("student"))["train_on"] == "lessons"
    row = restored_row(plan)
    assert row["status"] == "ok", row["reason"]


@pytest.mark.parametrize(
    ("what", "status", "reason"),
    [
        ("raises", "failed", "ValueError: the images are too small"),
        ("exits", "failed", "SystemExit: 4"),
        ("vanishes", "failed", "exited with code 4"),
        ("hangs", "timeout", "time limit of 3 s"),
        ("endless", "timeout", "time limit of 3 s"),
    ],
)
def test_a_fit_that_fails_is_a_result_that_its_restorations_report(
    bench: Any, what: str, status: str, reason: str
) -> None:
    plan = stage(bench, what)
    stale = plan.layout.model("student")
    stale.parent.mkdir(parents=True)
    stale.write_bytes(b"the model of an earlier run")
    outcome = train(plan, "student")
    assert (outcome.status, outcome.stage) == (status, "train")
    assert reason in outcome.reason
    assert not stale.exists()
    assert plan.layout.curve("student").exists()
    row = restored_row(plan)
    assert (row["status"], row["stage"]) == (status, "train")
    assert row["reason"] == f"training: {outcome.reason}"


def test_a_kill_is_tried_again_and_becomes_a_result_at_the_last_attempt(bench: Any) -> None:
    plan = stage(bench, "killed")
    with pytest.raises(MachineError, match="signal 9"):
        train(plan, "student", final=False)
    assert not plan.layout.training("student").exists()
    outcome = train(plan, "student", final=True)
    assert outcome.status == "failed"
    assert "signal 9" in read_json(plan.layout.training("student"))["reason"]


def test_a_curve_may_hold_nan(bench: Any) -> None:
    plan = stage(bench, "nan")
    assert train(plan, "student").ok
    assert pd.read_csv(plan.layout.curve("student"))["loss"].isna().tolist() == [False, True]


def test_a_prior_that_does_not_learn_is_refused(bench: Any) -> None:
    plan = stage(bench, "fine", PRIOR.replace("learns=True, ", ""))
    with pytest.raises(ValueError, match="the prior student does not learn"):
        train(plan, "student")


def test_a_fit_that_was_killed_goes_on_from_its_checkpoint(bench):
    plan = stage(bench, "killed once")
    checkpoint = plan.layout.checkpoint("student")
    with pytest.raises(MachineError):
        train(plan, "student", final=False)
    assert checkpoint.exists()
    assert train(plan, "student").ok
    assert pd.read_csv(plan.layout.curve("student"))["iteration"].tolist() == [0, 7, 1]
    assert not checkpoint.exists()


def test_a_checkpoint_of_other_training_images_is_not_used(bench):
    plan = stage(bench, "killed once")
    with pytest.raises(MachineError):
        train(plan, "student", final=False)
    bench.image("level-0.2", np.full((12, 12), 0.3), folder="lessons")
    prepare(plan, "lessons")
    with pytest.raises(MachineError):
        train(plan, "student", final=False)
