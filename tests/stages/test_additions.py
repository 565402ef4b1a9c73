"""What is computed when a task, an image or a metric is added, and what when something changed."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from priorbench.errors import StorageError
from priorbench.monitor.verify import damages
from priorbench.plan import Plan
from priorbench.plan.estimates import cost_key, task_key
from priorbench.results.gather import read_table
from priorbench.stages.corrupt import corrupt
from priorbench.stages.gather import gather
from priorbench.stages.prepare import prepare
from priorbench.stages.restore import restore
from priorbench.stages.score import score
from priorbench.store.cell import Cell
from priorbench.store.files import read_json, read_rows, write_json
from priorbench.studies.experiment import Experiment
from tests.small_runs import without_workers

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("quick_start")]

PLUGIN = """
    from pathlib import Path

    from priorbench import MetricSpec, NotApplicable, PriorSpec, StudySpec, hookimpl
    from priorbench.priors import Prior, Restoration

    HERE = Path(__file__).parents[1]
    SHADE = 0.0

    def note(name):
        with open(HERE / name, "a") as file:
            file.write("x")

    class Keep(Prior):
        def restore(self, problem, context):
            note("restorations")
            return Restoration(problem.estimate() + SHADE)

    def counting(restored, clean):
        note("counting")
        return float(restored.mean())

    def second(restored, clean):
        note("second")
        return float(restored.std())

    def failing(restored, clean):
        note("failing")
        if not (HERE / "repaired").exists():
            raise RuntimeError("no idea")
        return 1.0

    def picky(restored, clean):
        note("picky")
        raise NotApplicable("needs larger images")

    @hookimpl
    def register_priors():
        yield PriorSpec(name="keep", factory=Keep, summary="for a test", restorations_per_job=3)

    @hookimpl
    def register_studies():
        yield StudySpec(name="upscaling", factory=".nowhere:study", summary="", tasks=("sr*",))

    @hookimpl
    def register_metrics():
        for factory in (counting, second, failing, picky):
            yield MetricSpec(name=factory.__name__, factory=factory, summary="for a test")
"""
METRICS = ["psnr", "counting"]


@pytest.fixture
def experiment(bench: Any, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Plan]:
    """Return a function that runs the experiment of two images with some changes."""
    without_workers(monkeypatch)
    for number, name in enumerate("ab"):
        picture(bench, name, number)
    bench.plugin("mine", PLUGIN)

    def run(tasks: tuple[str, ...] = ("denoise",), **changes: Any) -> Plan:
        plan: Plan = bench.plan(**{"tasks": {"run": list(tasks)}, "metrics": METRICS} | changes)
        prepare(plan, "photos")
        for task in plan.tasks:
            corrupt(plan, "photos", task)
        for chunk in plan.all_chunks():
            restore(plan, chunk)
            score(plan, chunk)
        gather(plan)
        return plan

    return run


def picture(bench: Any, name: str, number: int) -> None:
    bench.image(name, np.random.default_rng(number).random((16, 20)))


def times(name: str) -> int:
    """Return how often something was called."""
    file = Path(name)
    return len(file.read_text()) if file.exists() else 0


def written(plan: Plan) -> dict[Path, int]:
    """Return the restored images, their records and those of their scores, and when each was
    written.
    """
    files = [
        file
        for folder in ("restored", "scored")
        for file in (plan.layout.root / folder).rglob("*.*")
        if file.suffix in (".png", ".json") and file.name != "_spec.json"
    ]
    return {file: file.stat().st_mtime_ns for file in files}


def up_to_date(text: str) -> int:
    """Return how many restorations the logs say to be up to date."""
    return sum(map(int, re.findall(r"(\d+) of \d+ restorations are up to date", text)))


@pytest.mark.parametrize("order", [("denoise", "inpaint", "sr"), ("sr", "inpaint", "denoise")])
def test_a_task_that_is_added_costs_its_own_restorations_and_scores(
    experiment: Callable[..., Plan], order: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    first = experiment(("denoise", "inpaint"))
    before = written(first)
    # Two tasks, two images, and for each an image, its record and that of its scores.
    assert len(before) == 2 * 2 * 3
    assert (times("restorations"), times("counting")) == (4, 4)
    capsys.readouterr()
    # The jobs are cut otherwise, whether the new task is the last or the first one.
    second = experiment(order)
    assert up_to_date(capsys.readouterr().err) == 4
    assert (times("restorations"), times("counting")) == (6, 6)
    after = written(second)
    assert len(after) == 3 * 2 * 3
    assert {file: after[file] for file in before} == before
    assert {file.parent.parent.name for file in after.keys() - before.keys()} == {"sr-x2"}
    runs, scores = (read_table(second.layout.result(kind)) for kind in ("runs", "scores"))
    assert set(zip(runs["task"], runs["image"], strict=True)) == {
        (task, image) for task in second.tasks for image in "ab"
    }
    assert len(scores) == 6 * len(METRICS)
    assert set(scores["status"]) == {"ok"}
    assert list(damages(second)) == []


def test_an_image_that_is_added_costs_its_own_restorations_and_scores(
    experiment: Callable[..., Plan], bench: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    before = written(experiment(("denoise", "inpaint")))
    capsys.readouterr()
    # It comes between the others.
    picture(bench, "aa", 3)
    plan = experiment(("denoise", "inpaint"))
    assert up_to_date(capsys.readouterr().err) == 4
    assert (times("restorations"), times("counting")) == (6, 6)
    after = written(plan)
    assert {file: after[file] for file in before} == before
    assert {file.stem for file in after.keys() - before.keys()} == {"aa"}
    assert len(read_table(plan.layout.result("scores"))) == 2 * 3 * len(METRICS)


def test_a_metric_that_is_added_computes_that_metric_alone(
    experiment: Callable[..., Plan], capsys: pytest.CaptureFixture[str]
) -> None:
    first = experiment(("denoise", "inpaint"))
    scores = read_table(first.layout.result("scores"))
    capsys.readouterr()
    second = experiment(("denoise", "inpaint"), metrics=["second", *METRICS])
    lines = capsys.readouterr().err.splitlines()
    assert (times("restorations"), times("counting"), times("second")) == (4, 4, 4)
    scored = [line for line in lines if "/keep/" in line and " up to date" not in line]
    assert len(scored) == 4 and all(": second 0." in line for line in scored)
    # The others have their values from before.
    kept = read_table(second.layout.result("scores"))
    kept = kept[kept["metric"].isin(METRICS)].reset_index(drop=True)
    assert kept[scores.columns].equals(scores)
    # One that is left out and comes again is known still.
    experiment(("denoise", "inpaint"), metrics=["psnr", "second"])
    experiment(("denoise", "inpaint"), metrics=["psnr", "second", "counting"])
    assert (times("counting"), times("second")) == (4, 4)


def test_a_metric_that_failed_is_computed_again_and_one_that_is_not_defined_is_not(
    experiment: Callable[..., Plan],
) -> None:
    metrics = ["psnr", "counting", "failing", "picky"]

    def endings(plan: Plan) -> dict[str, set[str]]:
        rows = read_table(plan.layout.result("scores"))
        return {metric: set(rows["status"][rows["metric"] == metric]) for metric in metrics}

    expected = {"psnr": {"ok"}, "counting": {"ok"}, "picky": {"undefined"}}
    assert endings(experiment(metrics=metrics)) == expected | {"failing": {"failed"}}
    assert endings(experiment(metrics=metrics)) == expected | {"failing": {"failed"}}
    assert (times("failing"), times("counting"), times("picky")) == (4, 2, 2)
    Path("repaired").touch()
    assert endings(experiment(metrics=metrics)) == expected | {"failing": {"ok"}}
    experiment(metrics=metrics)
    assert (times("failing"), times("counting"), times("picky")) == (6, 2, 2)


def test_a_restoration_that_became_another_is_scored_again(
    experiment: Callable[..., Plan], bench: Any
) -> None:
    plan = experiment()
    before = read_table(plan.layout.result("scores"))
    bench.plugin("mine", PLUGIN.replace("SHADE = 0.0", "SHADE = 0.1"))
    # A plugin is imported once in a process.
    sys.modules.pop("plugins.mine", None)
    after = read_table(experiment().layout.result("scores"))
    assert (times("restorations"), times("counting")) == (4, 4)
    means = [table[table["metric"] == "counting"]["value"].to_numpy() for table in (before, after)]
    assert (means[1] > means[0] + 0.05).all()


def test_a_damaged_restoration_has_no_score_until_it_is_restored_again(
    experiment: Callable[..., Plan],
) -> None:
    plan = experiment()
    chunk = plan.chunk("photos", "keep", 0)
    cell = Cell("photos", "denoise-25", "keep")
    image, whole = plan.layout.restored(cell, "a.png"), written(plan)
    content = bytearray(image.read_bytes())
    content[len(content) // 2] ^= 1
    image.write_bytes(content)
    # Its scores are known, though not of this content.
    with pytest.raises(StorageError, match=r"a\.png is damaged"):
        score(plan, chunk)
    restore(plan, chunk)
    assert times("restorations") == 3
    score(plan, chunk)
    # It is the same as before, and so are its scores.
    assert times("counting") == 2
    # A record that fits another content means another image.
    rows = read_rows(plan.layout.scores(chunk))
    other = plan.layout.restored(cell, "b.png")
    image.write_bytes(other.read_bytes())
    record = read_json(image.with_suffix(".json"))
    checksum = read_json(other.with_suffix(".json"))["sha256"]["b.png"]
    write_json(image.with_suffix(".json"), {**record, "sha256": {"a.png": checksum}})
    score(plan, chunk)
    assert times("counting") == 3
    changed = read_rows(plan.layout.scores(chunk))
    differ = [new["image"] for new, old in zip(changed, rows, strict=True) if new != old]
    assert differ == ["a", "a"]
    assert written(plan).keys() == whole.keys()


def test_scores_depend_on_the_clean_image(experiment: Callable[..., Plan], bench: Any) -> None:
    plan = experiment(tasks=("inpaint",))
    memo = plan.layout.scored(Cell("photos", "inpaint-50", "keep"), "a")
    key = read_json(memo)["key"]
    picture(bench, "a", 7)
    experiment(tasks=("inpaint",))
    assert read_json(memo)["key"] != key
    assert times("counting") == 3


def test_what_was_learned_is_kept_by_task(experiment: Callable[..., Plan]) -> None:
    plan = experiment(("denoise", "inpaint"))
    runs = read_table(plan.layout.result("runs"))
    took = read_json(plan.layout.costs())[cost_key(plan.prior("keep"))]
    assert took["training_seconds"] is None
    assert set(took["tasks"]) == {task_key(task) for task in plan.tasks.values()}
    for name, task in plan.tasks.items():
        entry = took["tasks"][task_key(task)]
        seconds = runs["seconds"][runs["task"] == name].sum()
        assert entry == pytest.approx({"seconds": seconds, "megapixels": 2 * 16 * 20 / 1e6})
    # Another experiment expects what this one took, of each task.
    other = experiment(("denoise", "inpaint", "sr"), experiment="other")
    costs = {
        name: other.estimates.cost(other.prior("keep"), task) for name, task in other.tasks.items()
    }
    assert {cost.origin for cost in costs.values()} == {"measured"}
    tasks = took["tasks"].values()
    mean = sum(each["seconds"] for each in tasks) / sum(each["megapixels"] for each in tasks)
    assert costs["sr-x2"].seconds_per_megapixel == pytest.approx(mean)
    own = took["tasks"][task_key(other.task("denoise-25"))]
    assert costs["denoise-25"].seconds_per_megapixel == pytest.approx(
        own["seconds"] / own["megapixels"]
    )


def test_a_study_sees_the_rows_of_its_own_tasks_alone(experiment: Callable[..., Plan]) -> None:
    plan = experiment(("denoise", "sr"), studies=["upscaling"])
    first, second = plan.all_chunks()
    # The jobs that it waits for do another task too.
    assert plan.study_chunks("upscaling") == [first, second]
    assert first.tasks == ["denoise-25", "sr-x2"]
    seen = Experiment.read(plan, "upscaling")
    for rows in (seen.runs, seen.scores):
        assert set(zip(rows["task"], rows["image"], strict=True)) == {
            ("sr-x2", "a"),
            ("sr-x2", "b"),
        }
        assert list(rows.index) == list(range(len(rows)))
    assert list(seen.catalogue.tasks) == ["sr-x2"]


@pytest.mark.parametrize(("before", "after"), [(1, 2), (2, 4)])
def test_rows_that_were_grouped_otherwise_are_not_gathered(
    experiment: Callable[..., Plan], bench: Any, before: int, after: int
) -> None:
    def changes(size: int) -> dict[str, Any]:
        settings = {"settings": {"keep": {"restorations_per_job": size}}}
        return {"tasks": {"run": ["denoise", "inpaint"]}, "priors": settings, "metrics": METRICS}

    experiment(**changes(before) | {"tasks": ("denoise", "inpaint")})
    plan = bench.plan(**changes(after))
    file = plan.layout.runs(plan.chunk("photos", "keep", 0))
    kept = plan.layout.result("runs").read_bytes()
    with pytest.raises(ValueError, match="remove it and run again") as error:
        gather(plan)
    assert str(error.value).startswith(f"{file} holds the restorations photos/denoise-25/keep/a")
    assert "not photos/denoise-25/keep/a, photos/denoise-25/keep/b" in str(error.value)
    assert plan.layout.result("runs").read_bytes() == kept
