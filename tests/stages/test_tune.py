import sys
from typing import Any

import numpy as np
import pytest

from priorbench.errors import MachineError
from priorbench.metrics.fidelity import EXACT
from priorbench.plan import Plan
from priorbench.stages.corrupt import corrupt
from priorbench.stages.prepare import prepare
from priorbench.stages.restore import restore
from priorbench.stages.train import train
from priorbench.stages.tune import tune
from priorbench.store.cell import Cell
from priorbench.store.files import read_json, read_rows

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("quick_start")]

TASK = "denoise-0"
# A prior that adds a constant: the best one is the nearest to zero. Some constants do something
# else.
PRIOR = """
    import os, signal, time
    from pathlib import Path
    from priorbench import NotApplicable, Parameters, PriorSpec, Resources, SolverSettings, hookimpl
    from priorbench.priors import Prior, Restoration

    HERE = Path(__file__).parents[1]

    class BiasParameters(Parameters):
        bias: float = 0.5
        twist: str = "none"

    class Bias(Prior):
        def __init__(self, bias, twist):
            self.bias, self.twist = bias, twist

        def restore(self, problem, context):
            with open(HERE / "calls.txt", "a") as file:
                file.write(f"{self.bias} {float(problem.y.mean()):.2f} {tuple(problem.y.shape[-2:])}\\n")
            if self.bias == 7:
                raise ArithmeticError("seven")
            if self.bias == 8:
                return Restoration(problem.y * float("nan"))
            if self.bias == 9:
                time.sleep(600)
            if self.bias == 10:
                os._exit(3)
            if self.bias == 11 and not (HERE / "repaired").exists():
                os.kill(os.getpid(), signal.SIGKILL)
            if self.bias == 12:
                raise NotApplicable("not for this")
            if self.bias == 13:
                return Restoration(problem.y, timed_out=5 < context.time_left() < 7)
            return Restoration(problem.y + self.bias + (0.2 if self.twist == "up" else 0))

    @hookimpl
    def register_priors():
        yield PriorSpec(
            name="bias", factory=Bias, summary="for a test", parameters=BiasParameters, restorations_per_job=10,
            resources=Resources(minutes=0.15), tunable=CANDIDATES, solver=SolverSettings(),
        )
"""


def stage(
    bench: Any, candidates: dict[str, Any], parameters: dict[str, Any] | None = None, **changes: Any
) -> Plan:
    """Return a plan with prepared images: two to test on, of 0.9, and three to tune on, of 0.3."""
    for name in ("one", "two"):
        bench.image(name, np.full((12, 12), 0.9))
    for name in ("a", "b", "c"):
        bench.image(name, np.full((16, 14), 0.3), "lessons")
    bench.plugin("bias", PRIOR.replace("CANDIDATES", repr(candidates)))
    # A plugin is imported once in a process, and some tests write it anew.
    sys.modules.pop("plugins.bias", None)
    (bench.root / "lessons" / "aa.png").write_bytes(b"no image")
    setting = {"tune": True, "parameters": parameters or {}}
    plan = bench.plan(
        **{
            "datasets": {
                name: {"source": "folder", "parameters": {"path": name}}
                for name in ("photos", "lessons")
            },
            "train": "lessons",
            "priors": {"settings": {"bias": setting}},
            "tuning": {"images": 2, "crop": 8},
        }
        | changes
    )
    prepare(plan, "lessons")
    return plan


def tuned(plan: Plan) -> dict[str, Any]:
    result: dict[str, Any] = read_json(plan.layout.tuned(TASK, "bias"))
    return result


def calls(bench: Any) -> list[str]:
    file = bench.root / "calls.txt"
    return file.read_text().splitlines() if file.exists() else []


def restored_rows(plan: Plan) -> list[dict[str, Any]]:
    prepare(plan, "photos")
    corrupt(plan, "photos", TASK)
    restore(plan, plan.chunk("photos", "bias", 0))
    return read_rows(plan.layout.runs(plan.chunk("photos", "bias", 0)))


def test_the_best_on_the_training_images_is_chosen_and_restores_the_test_images(bench: Any) -> None:
    plan = stage(bench, {"bias": [0.4, 0.1, -0.2]})
    assert tune(plan, TASK, "bias").ok
    kept = tuned(plan)
    assert (kept["parameters"], kept["status"], kept["dataset"]) == ({"bias": 0.1}, "ok", "lessons")
    # aa can't be read; two of the others are used, their centres.
    assert kept["images"] == ["a", "b"]
    assert [entry["parameters"]["bias"] for entry in kept["combinations"]] == [0.4, 0.1, -0.2]
    for entry, error in zip(kept["combinations"], (0.4, 0.1, 0.2), strict=True):
        assert entry["psnr"] == pytest.approx(-20 * np.log10(error), abs=0.01)
        assert set(entry["images"]) == {"a", "b"}
    assert kept["psnr"] == kept["combinations"][1]["psnr"]
    assert kept["fingerprint"] == plan.fingerprints.tuning(TASK, "bias")
    # No test image was there, and none was seen.
    assert not plan.layout.images("photos").exists()
    assert len(calls(bench)) == 6
    assert all("0.30 (8, 8)" in call for call in calls(bench))
    # Sent a second time, after Snakemake has removed the output, it computes nothing.
    plan.layout.tuned(TASK, "bias").unlink()
    assert tune(plan, TASK, "bias").ok
    assert tuned(plan) == kept
    assert len(calls(bench)) == 6
    assert {row["status"] for row in restored_rows(plan)} == {"ok"}
    assert calls(bench)[6:] == ["0.1 0.90 (12, 12)"] * 2
    spec = read_json(plan.layout.cell_spec(Cell("photos", TASK, "bias")))
    assert spec["prior"]["parameters"] == {"bias": 0.1, "twist": "none"}


def test_the_first_of_equals_is_chosen_and_exact_is_a_number(bench: Any) -> None:
    plan = stage(bench, {"bias": [0.5, 0.0, -0.0], "twist": ["up", "none", "other"]})
    tune(plan, TASK, "bias")
    kept = tuned(plan)
    assert len(kept["combinations"]) == 9
    assert kept["parameters"] == {"bias": 0.0, "twist": "none"}
    assert [entry["psnr"] for entry in kept["combinations"]].count(EXACT) == 4
    assert kept["psnr"] == EXACT


def test_a_parameter_that_the_configuration_sets_stays_as_it_is(bench: Any) -> None:
    plan = stage(bench, {"bias": [0.1, -0.1], "twist": ["none", "up"]}, {"twist": "up"})
    tune(plan, TASK, "bias")
    assert [entry["parameters"] for entry in tuned(plan)["combinations"]] == [
        {"bias": 0.1},
        {"bias": -0.1},
    ]
    assert tuned(plan)["parameters"] == {"bias": -0.1}


def test_a_combination_that_fails_is_kept_with_its_reason_and_not_chosen(bench: Any) -> None:
    # The one that is killed comes first: the first attempt ends there, before anything waits.
    plan = stage(bench, {"bias": [11, 7, 8, 9, 10, 0.2, 12, 13]})
    with pytest.raises(MachineError, match="signal 9"):
        tune(plan, TASK, "bias", final=False)
    assert not plan.layout.tuned(TASK, "bias").exists()
    assert tune(plan, TASK, "bias").ok
    kept = tuned(plan)
    assert kept["parameters"] == {"bias": 0.2}
    status = {entry["parameters"]["bias"]: entry["status"] for entry in kept["combinations"]}
    assert status == {
        11: "failed", 7: "failed", 8: "diverged", 9: "timeout", 10: "failed", 0.2: "ok", 12: "unsupported",
        13: "timeout",
    }  # fmt: skip
    for entry, word in zip(
        kept["combinations"],
        ("signal 9", "seven", "NaN", "9 s", "code 3", "", "not for", "best estimate"),
        strict=True,
    ):
        assert word in entry["reason"]
        assert (entry["psnr"] is None) == bool(word)


@pytest.mark.parametrize(
    ("candidates", "status", "reason"),
    [
        ([7, 8], "failed", "all 2 candidates failed; the first: ArithmeticError: seven"),
        ([12], "unsupported", "the only candidate failed: not for this"),
    ],
)
def test_where_all_fail_the_restorations_say_why(
    bench: Any, candidates: list[int], status: str, reason: str
) -> None:
    plan = stage(bench, {"bias": candidates})
    assert not tune(plan, TASK, "bias").ok
    kept = tuned(plan)
    assert (kept["parameters"], kept["status"], kept["reason"]) == (None, status, reason)
    tried = calls(bench)
    for row in restored_rows(plan):
        assert (row["status"], row["stage"], row["reason"]) == (status, "tune", f"tuning: {reason}")
    assert calls(bench) == tried


def test_without_a_usable_training_image_the_file_says_so(bench: Any) -> None:
    plan = stage(bench, {"bias": [0.1]})
    for name in ("a", "b", "c"):
        (bench.root / "lessons" / f"{name}.png").write_bytes(b"no image")
    prepare(plan, "lessons")
    tune(plan, TASK, "bias")
    assert tuned(plan)["reason"] == "no image of the data set lessons can be read"
    assert tuned(plan)["combinations"] == []


def test_a_task_that_breaks_fails_all_combinations_and_an_image_that_does_not_fit_is_left_out(
    bench: Any,
) -> None:
    bench.plugin(
        "picky",
        """
        from priorbench import TaskSpec, hookimpl
        from priorbench.operators import Identity
        from priorbench.tasks import Task
        from priorbench.problem import Problem

        class Picky(Task):
            def corrupt(self, image, generator):
                if float(image.mean()) < 0.4:
                    raise ValueError("too dark")
                return Problem(image, Identity(image.shape[1:]), 0.0)

            def observe(self, image, mask=None):
                raise ValueError("no")

        @hookimpl
        def register_tasks():
            yield TaskSpec(name="picky", factory=Picky, summary="for a test")
        """,
    )
    plan = stage(bench, {"bias": [0.2, 0.1]}, tasks={"run": ["picky"]})
    tune(plan, "picky", "bias")
    kept = read_json(plan.layout.tuned("picky", "bias"))
    assert "no training image fits the task; a: ValueError: too dark" in kept["reason"]
    assert calls(bench) == []
    bench.image("b", np.full((16, 14), 0.5), "lessons")
    prepare(plan, "lessons")
    tune(plan, "picky", "bias")
    kept = read_json(plan.layout.tuned("picky", "bias"))
    assert kept["parameters"] == {"bias": 0.1}
    assert [set(entry["images"]) for entry in kept["combinations"]] == [{"b"}, {"b"}]


def test_a_cell_is_computed_again_exactly_when_another_value_is_chosen(bench: Any) -> None:
    plan = stage(bench, {"bias": [0.3, 0.1]})
    tune(plan, TASK, "bias")
    first = restored_rows(plan)
    before = len(calls(bench))
    # More candidates, the same choice: the file is another, the restorations stand.
    plan = stage(bench, {"bias": [0.3, 0.1, 0.2]})
    tune(plan, TASK, "bias")
    after = len(calls(bench))
    assert after > before
    unchanged = [{**row, "fingerprint": ""} for row in first]
    assert [{**row, "fingerprint": ""} for row in restored_rows(plan)] == unchanged
    assert len(calls(bench)) == after
    plan = stage(bench, {"bias": [0.3, 0.1, 0.05]})
    tune(plan, TASK, "bias")
    after = len(calls(bench))
    again = restored_rows(plan)
    assert calls(bench)[after:] == ["0.05 0.90 (12, 12)"] * 2
    assert {row["fingerprint"] for row in again}.isdisjoint({row["fingerprint"] for row in first})


def test_a_prior_that_is_not_tuned_for_the_task_is_refused(bench: Any) -> None:
    stage(bench, {"bias": [0.1]})
    plan = bench.plan()
    with pytest.raises(ValueError, match="the prior bias is not tuned for denoise-0"):
        tune(plan, TASK, "bias")


LEARNED = """
    import torch
    from priorbench import Parameters, PriorSpec, hookimpl
    from priorbench.priors import Learned, Prior, Restoration

    class MeanParameters(Parameters):
        share: float = 1.0

    class Mean(Prior, Learned):
        def __init__(self, share):
            self.share = share

        def fit(self, images, context):
            BODY
            self.mean = torch.stack([image.mean() for image in images]).mean().reshape(1)
            yield {"loss": 0.0}

        def state_dict(self):
            return {"mean": self.mean}

        def load_state_dict(self, state):
            self.mean = state["mean"]

        def restore(self, problem, context):
            return Restoration(self.share * self.mean + (1 - self.share) * problem.y.square())

    @hookimpl
    def register_priors():
        yield PriorSpec(
            name="mean", factory=Mean, summary="for a test", parameters=MeanParameters, learns=True,
            tunable={"share": [0.0, 1.0]},
        )
"""


@pytest.mark.parametrize("broken", [False, True])
def test_a_prior_that_learns_is_tuned_with_its_model(bench: Any, broken: bool) -> None:
    bench.plugin(
        "mean", LEARNED.replace("BODY", "raise ValueError('too few')" if broken else "pass")
    )
    plan = stage(
        bench, {"bias": [0.1]}, priors={"run": ["mean"], "settings": {"mean": {"tune": True}}}
    )
    train(plan, "mean")
    outcome = tune(plan, TASK, "mean")
    kept = read_json(plan.layout.tuned(TASK, "mean"))
    if broken:
        assert (outcome.stage, outcome.reason) == ("train", "training: ValueError: too few")
        assert kept["parameters"] is None
    else:
        assert kept["parameters"] == {"share": 1.0}
