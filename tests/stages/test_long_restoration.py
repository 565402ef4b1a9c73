"""What takes minutes for an image: checkpoints, the deadline, progress, and numbers out of range."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from priorbench.data.images import read_image
from priorbench.errors import MachineError
from priorbench.plan import Plan
from priorbench.stages.corrupt import corrupt
from priorbench.stages.prepare import prepare
from priorbench.stages.restore import restore
from priorbench.stages.score import score
from priorbench.store.cell import Cell
from priorbench.store.files import read_rows

pytestmark = pytest.mark.slow

TASK = "denoise-0"
PRIOR = """
    import os, signal, time
    from pathlib import Path
    import torch
    from priorbench import Diverged, Parameters, PriorSpec, Resources, hookimpl
    from priorbench.priors import Prior, Restoration

    class SlowParameters(Parameters):
        what: str

    class Slow(Prior):
        def __init__(self, what):
            self.what = what

        def restore(self, problem, context):
            context.checkpoint._every = 0
            saved = context.checkpoint.load()
            first = int(saved["iteration"]) if saved else 0
            with open(Path(__file__).parents[1] / "calls.txt", "a") as file:
                file.write(f"{first}\\n")
            for iteration in range(first, 6):
                context.checkpoint.save(lambda: {"iteration": torch.tensor(iteration)})
                if self.what == "killed" or self.what == "killed once" and saved is None and iteration == 4:
                    os.kill(os.getpid(), signal.SIGKILL)
            if self.what == "diverges":
                raise Diverged("the loss is 1e30")
            if self.what == "stops":
                while context.time_left() > 0:
                    context.progress(0.43, loss=0.012304, psnr_y=24.1)
                    time.sleep(0.05)
            trace = [{"iteration": first, "loss": 0.5}]
            return Restoration(problem.y / 2, trace, timed_out=self.what == "stops")

    @hookimpl
    def register_priors():
        yield PriorSpec(
            name="slow", factory=Slow, summary="for a test", parameters=SlowParameters, restorations_per_job=10,
            resources=Resources(minutes=0.15),
        )
"""


def stage(bench: Any, what: str, level: float = 0.6, **resources: float) -> Plan:
    """Return a plan of a prior that behaves so, whose one problem is ready."""
    bench.image("one", np.full((12, 12), level))
    bench.plugin("slow", PRIOR)
    setting = {"parameters": {"what": what}, "resources": resources}
    plan: Plan = bench.plan(priors={"settings": {"slow": setting}})
    prepare(plan, "photos")
    corrupt(plan, "photos", TASK)
    return plan


def restored_row(plan: Plan, final: bool = True) -> dict[str, Any]:
    restore(plan, plan.chunk("photos", "slow", 0), final=final)
    [row] = read_rows(plan.layout.runs(plan.chunk("photos", "slow", 0)))
    return row


def file_of(plan: Plan, suffix: str) -> Path:
    return plan.layout.restored(Cell("photos", TASK, "slow"), f"one{suffix}")


def starts(bench: Any) -> list[int]:
    """The iterations that the prior began at."""
    return [int(line) for line in (bench.root / "calls.txt").read_text().split()]


def test_a_restoration_that_was_killed_goes_on_from_its_checkpoint(bench: Any) -> None:
    plan = stage(bench, "killed once")
    checkpoint = plan.layout.restoration_checkpoint(Cell("photos", TASK, "slow"), "one")
    with pytest.raises(MachineError, match="signal 9"):
        restored_row(plan, final=False)
    assert checkpoint.exists()
    assert restored_row(plan, final=False)["status"] == "ok"
    assert starts(bench) == [0, 4]
    assert file_of(plan, ".csv").read_text() == "iteration,loss\n4,0.5\n"
    assert not checkpoint.exists()


def test_a_checkpoint_of_another_problem_is_not_used(bench: Any) -> None:
    with pytest.raises(MachineError):
        restored_row(stage(bench, "killed once"), final=False)
    with pytest.raises(MachineError):
        restored_row(stage(bench, "killed once", level=0.3), final=False)
    assert starts(bench) == [0, 0]


@pytest.mark.parametrize(
    ("what", "status", "reason"),
    [("killed", "failed", "signal 9"), ("diverges", "diverged", "the loss is 1e30")],
)
def test_what_failed_for_good_leaves_no_checkpoint(
    bench: Any, what: str, status: str, reason: str
) -> None:
    plan = stage(bench, what)
    row = restored_row(plan)
    assert row["status"] == status
    assert reason in row["reason"]
    assert [path.name for path in file_of(plan, "").parent.iterdir()] == ["_spec.json"]


def test_what_stops_at_the_deadline_is_kept_scored_and_a_timeout(
    bench: Any, capfd: pytest.CaptureFixture[str]
) -> None:
    plan = stage(bench, "stops")
    row = restored_row(plan)
    assert (row["status"], row["stage"]) == ("timeout", "restore")
    assert row["reason"] == "stopped at its time limit of 9 s with the best estimate so far"
    assert 5 < row["seconds"] < 9
    assert 0 < row["processor_seconds"] < row["seconds"]
    assert row["peak_memory_mb"] > 0
    assert re.search(r"^\d\d:\d\d:\d\d photos/denoise-0/slow/one: 43%, loss 0.0123, psnr_y 24.1$",
                     capfd.readouterr().err, re.MULTILINE)  # fmt: skip
    np.testing.assert_allclose(read_image(file_of(plan, ".png")), 0.3, atol=0.003)
    assert file_of(plan, ".csv").exists()
    assert not plan.layout.restoration_checkpoint(Cell("photos", TASK, "slow"), "one").exists()
    assert restored_row(plan) == row
    assert len(starts(bench)) == 1
    score(plan, plan.chunk("photos", "slow", 0))
    scores = read_rows(plan.layout.scores(plan.chunk("photos", "slow", 0)))
    [psnr] = [score for score in scores if score["metric"] == "psnr"]
    assert psnr["value"] == pytest.approx(-20 * np.log10(0.3), abs=0.01)
    assert (psnr["status"], psnr["reason"]) == ("timeout", row["reason"])
    # Another limit may give another estimate.
    assert "limit of 6 s" in restored_row(stage(bench, "stops", minutes=0.1))["reason"]
    assert len(starts(bench)) == 2
