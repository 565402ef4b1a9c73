"""Samples of the posterior: drawn beside the estimate, resumed one by one, scored as a whole."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from priorbench.config import ConfigError
from priorbench.data.samples import read_samples, write_samples
from priorbench.data.tensors import to_array
from priorbench.errors import MachineError, StorageError
from priorbench.jobs.restorations import Restorations
from priorbench.monitor.verify import damages
from priorbench.plan import Plan
from priorbench.plan.lost import missing_files
from priorbench.priors import Context, Denoiser
from priorbench.problem import Problem
from priorbench.solvers.sampling import posterior_sample
from priorbench.stages.corrupt import corrupt
from priorbench.stages.prepare import prepare
from priorbench.stages.restore import restore
from priorbench.stages.score import score
from priorbench.stages.study import study
from priorbench.store.cell import Cell
from priorbench.store.files import read_rows
from priorbench.types import Image

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("quick_start")]

TASK, SIDE, COUNT = "denoise-25", 64, 19
PRIOR = """
    import os, signal
    from pathlib import Path
    import torch
    from priorbench import Parameters, PriorSpec, hookimpl
    from priorbench.priors import Prior, Restoration
    from priorbench.store.checkpoints import Checkpoint

    # Write each state at once.
    Checkpoint.__init__.__defaults__ = (None, "", 0.0)

    class SureParameters(Parameters):
        what: str = "draws"

    class Sure(Prior):
        def __init__(self, what):
            self.what = what

        def note(self, text):
            with open(Path(__file__).parents[1] / "calls.txt", "a") as file:
                print(text, file=file)

        def restore(self, problem, context):
            self.note("estimate")
            return Restoration(problem.y)

        def posterior_sample(self, problem, context):
            calls = Path(__file__).parents[1] / "calls.txt"
            number = calls.read_text().count("draw")
            self.note("draw")
            if self.what == "killed once" and number == 2:
                os.kill(os.getpid(), signal.SIGKILL)
            if self.what == "crashes":
                os._exit(3)
            if self.what == "diverges":
                return problem.y * float("nan")
            return problem.y + problem.sigma * torch.randn(problem.y.shape, generator=context.generator)

    class Silent(Prior):
        def restore(self, problem, context):
            return Restoration(problem.y)

    @hookimpl
    def register_priors():
        yield PriorSpec(name="sure", factory=Sure, parameters=SureParameters, summary="for a test")
        yield PriorSpec(name="silent", factory=Silent, summary="for a test")
"""


def made(bench: Any, what: str = "draws", **changes: Any) -> Plan:
    """Return a plan whose problems are ready."""
    bench.image("one", np.random.default_rng(0).random((SIDE, SIDE)))
    bench.plugin("sure", PRIOR)
    settings = {"sure": {"parameters": {"what": what}}}
    plan: Plan = bench.plan(
        **{
            "tasks": {"run": ["denoise"]},
            "priors": {"run": ["sure", "silent"], "settings": settings},
            "metrics": ["psnr", "coverage", "crps"],
            "samples": COUNT,
        }
        | changes
    )
    prepare(plan, "photos")
    corrupt(plan, "photos", TASK)
    return plan


def restored(plan: Plan, prior: str = "sure", final: bool = True) -> dict[str, Any]:
    chunk = plan.chunk("photos", prior, 0)
    restore(plan, chunk, final=final)
    [row] = read_rows(plan.layout.runs(chunk))
    return row


def scored(plan: Plan, prior: str = "sure") -> dict[str, Any]:
    chunk = plan.chunk("photos", prior, 0)
    score(plan, chunk)
    return {row["metric"]: row for row in read_rows(plan.layout.scores(chunk))}


def calls(bench: Any) -> list[str]:
    text: str = (bench.root / "calls.txt").read_text()
    return text.split()


def samples_file(plan: Plan) -> Path:
    return plan.layout.samples(Cell("photos", TASK, "sure"), "one")


def test_samples_are_drawn_beside_the_estimate_and_scored(bench: Any) -> None:
    plan = made(bench)
    row = restored(plan)
    assert (row["status"], row["samples"]) == ("ok", COUNT)
    assert 0 < row["sampling_seconds"] < 60
    drawn = read_samples(samples_file(plan))
    assert drawn.shape == (COUNT, SIDE, SIDE, 1)
    assert len(np.unique(drawn[:, 32, 32, 0])) > COUNT / 2
    rows = scored(plan)
    assert {name: each["status"] for name, each in rows.items()} == {
        "psnr": "ok",
        "coverage": "ok",
        "crps": "ok",
    }
    # A draw around y, with the noise of y, is one around the clean image with twice its variance.
    assert rows["coverage"]["value"] > 0.5
    # Nothing is computed again.
    before = calls(bench)
    restored(plan)
    assert calls(bench) == before == ["estimate", *["draw"] * COUNT]


WHITE = """
    from priorbench import PriorSpec, hookimpl
    from priorbench.priors import Denoiser

    class White(Denoiser):
        def denoise(self, image, sigma):
            return 0.5 + 0.04 / (0.04 + sigma**2) * (image - 0.5)

    @hookimpl
    def register_priors():
        yield PriorSpec(name="white", factory=White, summary="for a test")
"""


def test_a_denoiser_draws_by_the_sampler_of_the_experiment(bench: Any) -> None:
    class White(Denoiser):
        def denoise(self, image: Image, sigma: float) -> Image:
            return 0.5 + 0.04 / (0.04 + sigma**2) * (image - 0.5)

    bench.plugin("white", WHITE)
    cell = Cell("photos", TASK, "white")
    drawn = {}
    for sampler in ("gibbs", "langevin"):
        plan = made(bench, priors={"run": ["white"]}, samples=2, sampler=sampler, metrics=["psnr"])
        assert restored(plan, "white")["samples"] == 2
        drawn[sampler] = read_samples(plan.layout.samples(cell, "one"))
        work = Restorations(plan, cell)
        problem = Problem.load(work.problem("one"))
        for number in range(2):
            context = Context.seeded(work.sampling_seed("one", number))
            wanted = to_array(posterior_sample(White(), problem, context, sampler))
            np.testing.assert_allclose(drawn[sampler][number], wanted.clip(0, 1), atol=2e-5)
    # The estimate is the same, and samples of another sampler are not taken for its own.
    assert not np.allclose(*drawn.values(), atol=0.01)


def test_a_prior_that_draws_none_has_no_value_and_did_not_fail(bench: Any) -> None:
    plan = made(bench)
    row = restored(plan, "silent")
    assert (row["status"], row["samples"], row["sampling_seconds"]) == ("ok", 0, None)
    rows = scored(plan, "silent")
    assert rows["psnr"]["status"] == "ok"
    assert rows["coverage"]["status"] == "undefined"
    assert "Silent draws no samples" in rows["coverage"]["reason"]


def test_a_job_that_was_killed_goes_on_with_the_samples_that_it_had(bench: Any) -> None:
    plan = made(bench, "killed once")
    with pytest.raises(MachineError, match="signal 9"):
        restored(plan, final=False)
    assert restored(plan, final=False)["samples"] == COUNT
    assert calls(bench) == ["estimate", *["draw"] * (COUNT + 1)]
    assert not plan.layout.samples_checkpoint(Cell("photos", TASK, "sure"), "one").exists()
    # They are those of a run that was not interrupted.
    resumed = read_samples(samples_file(plan))
    samples_file(plan).unlink()
    restored(plan)
    assert np.array_equal(read_samples(samples_file(plan)), resumed)


@pytest.mark.parametrize(
    ("what", "status", "reason"),
    [("crashes", "failed", "code 3"), ("diverges", "diverged", "NaN")],
)
def test_what_goes_wrong_in_sampling_costs_no_estimate(
    bench: Any, what: str, status: str, reason: str
) -> None:
    plan = made(bench, what)
    row = restored(plan)
    assert (row["status"], row["samples"]) == ("ok", 0)
    rows = scored(plan)
    assert rows["psnr"]["status"] == "ok"
    assert rows["crps"]["status"] == status
    assert reason in rows["crps"]["reason"]


STUDY = """
    import pandas as pd
    from matplotlib.figure import Figure
    from priorbench import StudySpec, hookimpl
    from priorbench.studies import Findings

    def look(experiment):
        rows = []
        for prior in experiment.catalogue.priors:
            for image, found in experiment.restored("photos", "denoise-25", prior).items():
                none = found.samples is None
                rows.append(
                    {
                        "prior": prior,
                        "image": image,
                        "estimate": (found.estimate - found.clean).std(),
                        "samples": 0 if none else len(found.samples),
                        "sample": 0 if none else (found.samples[0] - found.clean).std(),
                    }
                )
        return Findings(table=pd.DataFrame(rows), figure=Figure())

    @hookimpl
    def register_studies():
        yield StudySpec(name="looking", factory=look, summary="for a test")
"""


def test_a_study_sees_estimates_and_samples(bench: Any) -> None:
    bench.plugin("looking", STUDY)
    plan = made(bench, studies=["looking"])
    for prior in ("sure", "silent"):
        restored(plan, prior)
        scored(plan, prior)
    study(plan, "looking")
    table = pd.read_csv(plan.layout.study("looking")).set_index("prior")
    assert table["samples"].to_dict() == {"sure": COUNT, "silent": 0}
    # Values are clipped to [0, 1], so the noise of y and of the sample on it is somewhat less.
    assert 0.8 * 25 / 255 < table["estimate"]["sure"] < 25 / 255
    assert 1.2 < table["sample"]["sure"] / table["estimate"]["sure"] < 1.5


def test_damaged_and_missing_samples_are_found(bench: Any) -> None:
    plan = made(bench)
    restored(plan)
    content = samples_file(plan).read_bytes()
    samples_file(plan).write_bytes(content[:-1])
    assert samples_file(plan) in [damage.path for damage in damages(plan)]
    with pytest.raises(StorageError):
        scored(plan)
    samples_file(plan).with_suffix(".json").unlink()
    assert [missing.file for missing in missing_files(plan)] == [
        samples_file(plan).with_suffix(".json")
    ]
    restored(plan)
    assert samples_file(plan).read_bytes() == content


def test_metrics_of_samples_are_for_experiments_with_samples(bench: Any) -> None:
    with pytest.raises(ConfigError, match=r"coverage is of samples .* set .samples."):
        made(bench, samples=0)
    plan = made(bench, samples=0, metrics="all")
    assert "coverage" not in plan.metrics
    assert restored(plan)["samples"] == 0
    assert "coverage" in made(bench, metrics="all").metrics


def test_a_file_of_samples_is_read_without_trust(tmp_path: Path) -> None:
    file = tmp_path / "samples.npz"
    images = [np.full((2, 3, 3), level) for level in (-0.5, 0.25, 2.0)]
    write_samples(file, images)
    assert read_samples(file)[:, 0, 0, 0] == pytest.approx([0.0, 0.25, 1.0], abs=1e-5)
    np.savez(file, other=np.zeros(3))
    with pytest.raises(ValueError, match="no file of samples"):
        read_samples(file)
    with pytest.raises(ValueError, match="NaN"):
        write_samples(file, [np.full((2, 2, 1), np.nan)])
