"""The settings of a denoiser's splitting, chosen on training images and restored with."""

import sys
from typing import Any

import numpy as np
import pytest

from priorbench.jobs.ready import solver_so_far
from priorbench.plan import Plan
from priorbench.plan.tuning import solver_candidates
from priorbench.results.schema import RUNS
from priorbench.stages.corrupt import corrupt
from priorbench.stages.prepare import prepare
from priorbench.stages.restore import restore
from priorbench.stages.tune import tune
from priorbench.store.cell import Cell
from priorbench.store.files import read_json, read_rows

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("in_process")]

TARGET, TASK = "solver-missing", "inpaint-50"
PRIORS = """
    import torch
    from priorbench import PriorSpec, SolverSettings, hookimpl
    from priorbench.priors import Denoiser, Prior, Restoration

    class Mean(Denoiser):
        # The weaker the noise, the less of its neighbours' mean a pixel takes.
        def denoise(self, image, sigma):
            around = torch.nn.functional.avg_pool2d(
                torch.nn.functional.pad(image, (1, 1, 1, 1), mode="replicate"), 3, stride=1
            )
            return image.lerp(around, sigma / (sigma + 0.05))

    class Own(Prior):
        def restore(self, problem, context):
            return Restoration(problem.estimate())

    class Broken(Denoiser):
        def denoise(self, image, sigma):
            raise ArithmeticError("never")

    @hookimpl
    def register_priors():
        yield PriorSpec(name="mean", factory=Mean, summary="for a test")
        yield PriorSpec(name="own", factory=Own, summary="for a test")
        yield PriorSpec(name="broken", factory=Broken, summary="for a test")
        yield PriorSpec(
            name="ships", factory=Mean, summary="for a test",
            solver=SolverSettings(missing={"first": 0.3, "steps": 5, "dual": False}),
        )
"""


def stage(bench: Any, **settings: Any) -> Plan:
    """Return a plan with prepared images: smooth ones, one to test on and two to learn from."""
    rows, columns = np.mgrid[:20, :20] / 20
    for number, (name, folder) in enumerate(
        {"one": "photos", "a": "lessons", "b": "lessons"}.items()
    ):
        bench.image(name, 0.5 + 0.4 * np.sin(5 * rows + number) * np.cos(7 * columns), folder)
    bench.plugin("means", PRIORS)
    sys.modules.pop("plugins.means", None)
    plan: Plan = bench.plan(
        datasets={
            name: {"source": "folder", "parameters": {"path": name}}
            for name in ("photos", "lessons")
        },
        train="lessons",
        tasks={"run": ["inpaint"]},
        priors={"settings": settings},
        tuning={"images": 2, "crop": 16},
    )
    prepare(plan, "lessons")
    return plan


def restored_row(plan: Plan, prior: str) -> dict[str, Any]:
    prepare(plan, "photos")
    corrupt(plan, "photos", TASK)
    restore(plan, plan.chunk("photos", prior, 0))
    row = read_rows(plan.layout.runs(plan.chunk("photos", prior, 0)))[0]
    assert set(row) == set(RUNS.schema.names)
    return row


def test_the_best_of_the_grid_restores_the_test_images(bench: Any) -> None:
    plan = stage(bench)
    assert tune(plan, TARGET, "mean").ok
    kept = read_json(plan.layout.tuned(TARGET, "mean"))
    tried = kept["combinations"]
    assert [each["solver"]["missing"] for each in tried] == [
        candidate.solver.missing.model_dump(exclude_none=True)
        for candidate in solver_candidates("missing")
    ]
    best = max(tried, key=lambda each: each["psnr"])
    assert kept["solver"] == best["solver"] and kept["psnr"] == best["psnr"]
    # Every image in every task of the regime.
    assert len(best["images"]) == 2 * len(kept["tasks"]) > 2
    assert len({each["psnr"] for each in tried}) > 1
    assert not plan.layout.images("photos").exists()
    row = restored_row(plan, "mean")
    chosen = best["solver"]["missing"]
    assert row["status"] == "ok" and row["solver_origin"] == "tuned"
    assert f"first = {chosen['first']:.3g}, last = {chosen['last']:.3g}" in row["solver"]
    assert f"steps = {chosen['steps']}" in row["solver"]
    spec = read_json(plan.layout.cell_spec(Cell("photos", TASK, "mean")))
    assert spec["solver"] == best["solver"]


def test_a_photograph_is_restored_with_what_was_chosen_so_far(bench: Any) -> None:
    plan = stage(bench)
    assert not solver_so_far(plan, "mean").missing.is_set
    tune(plan, TARGET, "mean")
    kept = read_json(plan.layout.tuned(TARGET, "mean"))
    assert solver_so_far(plan, "mean").as_dict() == kept["solver"]
    assert solver_so_far(plan, "ships").missing.first == 0.3


def test_a_prior_with_a_solver_of_its_own_has_nothing_to_choose(bench: Any) -> None:
    plan = stage(bench)
    assert tune(plan, TARGET, "own").ok
    kept = read_json(plan.layout.tuned(TARGET, "own"))
    assert (kept["solver"], kept["parameters"], kept["combinations"]) == ({}, {}, [])
    assert "nothing to choose" in kept["note"]
    row = restored_row(plan, "own")
    assert (row["status"], row["solver"], row["solver_origin"]) == ("ok", "", "")


def test_where_the_whole_grid_fails_the_restorations_say_why(bench: Any) -> None:
    plan = stage(bench)
    assert not tune(plan, TARGET, "broken").ok
    row = restored_row(plan, "broken")
    count = len(solver_candidates("missing"))
    assert row["stage"] == "tune"
    assert row["reason"].startswith(f"tuning: all {count} candidates failed")
    assert row["reason"].endswith("ArithmeticError: never")


@pytest.mark.parametrize(
    ("prior", "setting", "origin", "words"),
    [
        ("mean", {"tune": False}, "default", "dual = True"),
        ("ships", {}, "prior", "steps = 5, trust"),
        ("ships", {"solver": {"missing": {"steps": 7}}}, "configuration", "steps = 7, trust"),
    ],
)
def test_the_row_says_what_was_followed_and_who_decided(
    bench: Any, prior: str, setting: dict, origin: str, words: str
) -> None:
    plan = stage(bench, **{prior: setting})
    assert plan.tunings.of_prior(prior) == []
    row = restored_row(plan, prior)
    assert (row["status"], row["solver_origin"]) == ("ok", origin)
    assert words in row["solver"]
