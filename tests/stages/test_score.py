from pathlib import Path
from typing import Any

import numpy as np
import pytest

from priorbench.data.images import read_image
from priorbench.data.tensors import read_tensor
from priorbench.errors import StorageError
from priorbench.metrics.fidelity import psnr
from priorbench.plan import Plan
from priorbench.problem import Problem
from priorbench.results.gather import read_table
from priorbench.stages.corrupt import corrupt
from priorbench.stages.gather import gather
from priorbench.stages.prepare import prepare
from priorbench.stages.score import score
from priorbench.store.cell import Cell
from priorbench.store.files import file_sha256, read_rows, write_json, write_rows

PLUGINS = """
    from priorbench import MetricSpec, NotApplicable, PriorSpec, TaskSpec, hookimpl
    from priorbench.tasks import Denoise

    class Bordered(Denoise):
        border = (3, 2)

        def __init__(self):
            super().__init__(25)

    class Greedy(Bordered):
        border = (10, 2)

    def raising(restored, clean):
        raise RuntimeError("no idea")

    def undecided(restored, clean):
        return float("nan")

    def height(restored, clean):
        return restored.shape[0]

    def width(restored, clean):
        return restored.shape[1]

    def picky(restored, clean):
        raise NotApplicable("needs larger images")

    @hookimpl
    def register_metrics():
        for factory in (raising, undecided, height, width, picky):
            yield MetricSpec(name=factory.__name__, factory=factory, summary="for a test")
        yield MetricSpec(name="missing", factory=".nowhere:metric", summary="for a test")

    @hookimpl
    def register_priors():
        for name in ("first", "second"):
            yield PriorSpec(name=name, factory=".nowhere:Prior", summary="for a test")

    @hookimpl
    def register_tasks():
        yield TaskSpec(name="bordered", factory=Bordered, summary="for a test")
        yield TaskSpec(name="greedy", factory=Greedy, summary="for a test")
"""
ENDS = {
    "good": ("ok", ""),
    "bad": ("failed", "RuntimeError: no"),
    "slow": ("timeout", "ran past its time limit"),
}


@pytest.fixture
def plan(bench: Any) -> Plan:
    """Return a plan with rows of runs, as two priors on two tasks would have left them."""
    random = np.random.default_rng(0)
    for name in ENDS:
        bench.image(name, random.random((20, 24)))
    bench.plugin("mine", PLUGINS)
    made: Plan = bench.plan(tasks={"run": ["denoise", "bordered", "greedy"]})
    prepare(made, "photos")
    for task in made.tasks:
        corrupt(made, "photos", task)
    for prior in made.priors:
        rows = []
        for task in made.tasks:
            rows += [
                {
                    "experiment": "tiny", "dataset": "photos", "image": image, "task": task, "prior": prior,
                    "status": status, "stage": "restore", "reason": reason, "traceback": "",
                    "seconds": 0.5 if status == "ok" else None, "processor_seconds": None,
                    "peak_memory_mb": None, "device_memory_mb": None, "threads": 1, "seed": 1,
                    "training_seconds": None, "training_processor_seconds": None,
                    "training_device_memory_mb": None, "n_parameters": None, "solver": "", "solver_origin": "",
                    "samples": 0, "sampling_seconds": None, "sampling_processor_seconds": None,
                    "fingerprint": "f", "environment": "e", "source": "measured",
                }
                for image, (status, reason) in ENDS.items()
            ]  # fmt: skip
            bench.image(
                "good",
                random.random((20, 24)),
                folder=str(made.layout.restored(Cell("photos", task, prior), "")),
            )
        write_rows(made.layout.runs(made.chunk("photos", prior, 0)), rows)
    return made


def record(plan: Plan) -> None:
    """Write the checksums of all restorations, as the stage that made them would have."""
    for restored in Path(plan.layout.root, "restored").rglob("*.png"):
        write_json(
            restored.with_suffix(".json"), {"sha256": {restored.name: file_sha256(restored)}}
        )


def scored(plan: Plan, task: str) -> dict[tuple[str, str], dict[str, Any]]:
    """Score all and return the rows of a task by image and metric."""
    record(plan)
    score(plan, plan.chunk("photos", "first", 0))
    rows = read_rows(plan.layout.scores(plan.chunk("photos", "first", 0)))
    return {(row["image"], row["metric"]): row for row in rows if row["task"] == task}


def test_every_image_and_metric_has_a_row(plan: Plan) -> None:
    rows = scored(plan, "denoise-25")
    assert set(rows) == {(image, metric) for image in ENDS for metric in plan.metrics}
    clean = read_image(plan.layout.image("photos", "good"))[:, :, None]
    restored = read_image(plan.layout.restored(Cell("photos", "denoise-25", "first"), "good.png"))[
        :, :, None
    ]
    assert rows["good", "psnr"]["value"] == psnr(restored, clean)
    for image in ("bad", "slow"):
        for metric in plan.metrics:
            row = rows[image, metric]
            assert (row["value"], row["status"], row["reason"]) == (None, *ENDS[image])


def test_an_estimate_at_the_time_limit_has_a_value_and_keeps_its_status(
    plan: Plan, bench: Any
) -> None:
    folder = str(plan.layout.restored(Cell("photos", "denoise-25", "first"), ""))
    bench.image("slow", np.random.default_rng(1).random((20, 24)), folder=folder)
    rows = scored(plan, "denoise-25")
    for metric in ("psnr", "ssim", "residual", "height"):
        row = rows["slow", metric]
        assert row["value"] is not None
        assert (row["status"], row["reason"]) == ENDS["slow"]
    raising = rows["slow", "raising"]
    assert (raising["value"], raising["status"], raising["reason"]) == (
        None,
        "failed",
        "RuntimeError: no idea",
    )


def test_an_image_of_an_earlier_model_is_no_estimate_of_a_fit_that_ran_out_of_time(
    plan: Plan, bench: Any
) -> None:
    cell = Cell("photos", "denoise-25", "first")
    folder = str(plan.layout.restored(cell, ""))
    bench.image("slow", np.random.default_rng(1).random((20, 24)), folder=folder)
    runs = plan.layout.runs(plan.chunk("photos", "first", 0))
    rows = read_rows(runs)
    write_rows(runs, [row | ({"stage": "train"} if row["image"] == "slow" else {}) for row in rows])
    row = scored(plan, "denoise-25")["slow", "psnr"]
    assert (row["value"], row["status"]) == (None, "timeout")


@pytest.mark.parametrize("what", ["restored", "clean", "problem"])
def test_what_was_changed_after_it_was_made_is_not_scored(plan: Plan, what: str) -> None:
    scored(plan, "denoise-25")
    scores = plan.layout.scores(plan.chunk("photos", "first", 0))
    scores.unlink()
    path = {
        "restored": plan.layout.restored(Cell("photos", "denoise-25", "first"), "good.png"),
        "clean": plan.layout.image("photos", "good"),
        "problem": plan.layout.problem("photos", "denoise-25", "good"),
    }[what]
    content = bytearray(Path(path).read_bytes())
    content[len(content) // 2] ^= 1
    Path(path).write_bytes(content)
    with pytest.raises(StorageError, match=f"{path} is damaged.*verify --repair"):
        score(plan, plan.chunk("photos", "first", 0))
    assert not scores.exists()


def test_a_metric_that_fails_costs_its_own_value_only(plan: Plan) -> None:
    rows = scored(plan, "denoise-25")
    for metric, reason in {
        "raising": "RuntimeError: no idea",
        "undecided": "nan",
        "missing": "failed to load",
    }.items():
        row = rows["good", metric]
        assert (row["value"], row["status"]) == (None, "failed")
        assert reason in row["reason"]
    assert rows["good", "ssim"]["status"] == "ok"


def test_the_border_of_the_task_is_cut(plan: Plan) -> None:
    whole, cut = (scored(plan, task) for task in ("denoise-25", "bordered"))
    assert [whole["good", side]["value"] for side in ("height", "width")] == [20, 24]
    assert [cut["good", side]["value"] for side in ("height", "width")] == [20 - 2 * 3, 24 - 2 * 2]


def test_a_border_that_leaves_nothing_is_said(plan: Plan) -> None:
    row = scored(plan, "greedy")["good", "psnr"]
    assert (row["value"], row["status"]) == (None, "failed")
    assert "leaves nothing of 20 × 24" in row["reason"]


def test_a_restoration_of_another_size_is_no_score(plan: Plan, bench: Any) -> None:
    folder = str(plan.layout.restored(Cell("photos", "denoise-25", "first"), ""))
    bench.image("good", np.zeros((20, 23)), folder=folder)
    row = scored(plan, "denoise-25")["good", "psnr"]
    assert (row["value"], row["status"]) == (None, "failed")
    assert "(20, 23)" in row["reason"]


def test_a_metric_that_is_not_defined_is_no_failure_and_says_why(plan: Plan) -> None:
    rows = scored(plan, "denoise-25")
    assert (rows["good", "picky"]["status"], rows["good", "picky"]["reason"]) == (
        "undefined",
        "needs larger images",
    )
    assert rows["good", "ms-ssim"]["status"] == "undefined"
    assert "at least 176 pixels" in rows["good", "ms-ssim"]["reason"]


def test_the_residual_is_that_of_the_saved_problem(plan: Plan) -> None:
    row = scored(plan, "denoise-25")["good", "residual"]
    restored = read_tensor(plan.layout.restored(Cell("photos", "denoise-25", "first"), "good.png"))
    problem = Problem.load(plan.layout.problem("photos", "denoise-25", "good"))
    expected = ((restored - problem.y).double() ** 2).mean().item() / (25 / 255) ** 2
    assert row["status"] == "ok"
    assert row["value"] == pytest.approx(expected)


def test_an_exact_restoration_has_the_highest_psnr(plan: Plan) -> None:
    exact = plan.layout.restored(Cell("photos", "denoise-25", "first"), "good.png")
    exact.write_bytes(plan.layout.image("photos", "good").read_bytes())
    rows = scored(plan, "denoise-25")
    for metric in ("psnr", "psnr-y"):
        assert (rows["good", metric]["value"], rows["good", metric]["status"]) == (120.0, "ok")


def test_all_rows_are_gathered(plan: Plan) -> None:
    record(plan)
    for chunk in plan.all_chunks():
        score(plan, chunk)
    gather(plan)
    # Rows of images that were grouped otherwise would hide that others are missing.
    runs_file = plan.layout.runs(plan.chunk("photos", "first", 0))
    content = runs_file.read_bytes()
    write_rows(runs_file, read_rows(runs_file)[:-1])
    with pytest.raises(
        ValueError, match=r"first/0\.jsonl holds the restorations .* remove it and run again"
    ):
        gather(plan)
    runs_file.write_bytes(content)
    runs, scores = (read_table(plan.layout.result(kind)) for kind in ("runs", "scores"))
    cells = len(list(plan.cells())) * len(ENDS)
    assert len(runs) == cells
    assert len(scores) == cells * len(plan.metrics)
    assert runs.groupby("status").size().to_dict() == {
        status: cells // len(ENDS) for status, _ in ENDS.values()
    }
    assert scores["value"].notna().sum() == (scores["status"] == "ok").sum() > 0
