"""Tables while a run goes on."""

from __future__ import annotations

import json
import re
import shutil
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml
from PIL import Image

from priorbench.cli import main
from priorbench.config import load_experiment
from priorbench.plan import Plan
from priorbench.results.gather import read_table
from priorbench.stages.corrupt import corrupt
from priorbench.stages.gather import gather
from priorbench.stages.prepare import prepare
from priorbench.stages.restore import restore
from priorbench.stages.score import score
from priorbench.stages.tabulate import tabulate
from priorbench.stages.tabulate_partial import tabulate_partial
from priorbench.store.files import read_rows, write_rows
from tests.conftest import BUILT_IN_PLUGINS
from tests.small_runs import without_workers

pytestmark = pytest.mark.slow

TASK = "denoise-25"
PRIORS = """
    from priorbench import PriorSpec, hookimpl
    from priorbench.priors import Denoiser

    class Still(Denoiser):
        def denoise(self, image, sigma):
            return image

    class Smooth(Denoiser):
        def denoise(self, image, sigma):
            return 0.5 * image + 0.5 * image.mean()

    @hookimpl
    def register_priors():
        yield PriorSpec(name="still", factory=Still, summary="for a test", restorations_per_job=3)
        yield PriorSpec(name="smooth", factory=Smooth, summary="for a test", restorations_per_job=2)
"""
CONFIGURATION = {
    "experiment": "tiny",
    "datasets": {"photos": {"source": "folder", "parameters": {"path": "photos"}}},
    "test": ["photos"],
    "tasks": {"run": ["denoise"]},
    "metrics": ["psnr", "ssim"],
    "plugins": {"folders": ["mine"], "disable": BUILT_IN_PLUGINS},
}


def make(project: Any) -> None:
    """Take three images through all stages."""
    for folder in ("mine", "photos"):
        (project.root / folder).mkdir()
    (project.root / "mine" / "two.py").write_text(textwrap.dedent(PRIORS))
    for name, level in (("a", 90), ("b", 120), ("c", 150)):
        pixels = np.random.default_rng(level).integers(level - 40, level + 40, (16, 18))
        Image.fromarray(pixels.astype(np.uint8)).save(project.root / "photos" / f"{name}.png")
    (project.root / "config.yaml").write_text(yaml.safe_dump(CONFIGURATION))
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(project.root)
        without_workers(patch)
        plan = Plan(load_experiment(Path("config.yaml")))
        prepare(plan, "photos")
        corrupt(plan, "photos", TASK)
        for prior, chunk in (("still", "0"), ("smooth", "0"), ("smooth", "1")):
            restore(plan, plan.chunk("photos", prior, chunk))
            score(plan, plan.chunk("photos", prior, chunk))
        gather(plan)
        tabulate(plan)


@pytest.fixture
def plan(
    share: Callable[[str, Callable[[Any], None]], Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Plan:
    """The plan of a finished run in the current folder, of this test alone."""
    finished = share("partial", make).root
    for part in ("config.yaml", "mine", "photos", "results"):
        copy = shutil.copytree if (finished / part).is_dir() else shutil.copy2
        copy(finished / part, tmp_path / part)
    monkeypatch.chdir(tmp_path)
    return Plan(load_experiment(Path("config.yaml")))


def runs(plan: Plan, prior: str, chunk: str) -> Path:
    return plan.layout.runs(plan.chunk("photos", prior, chunk))


def scores(plan: Plan, prior: str, chunk: str) -> Path:
    return plan.layout.scores(plan.chunk("photos", prior, chunk))


def table(plan: Plan, name: str) -> str:
    return plan.layout.partial().table(name).read_text(encoding="utf-8")


def cells(plan: Plan, metric: str = "psnr") -> pd.DataFrame:
    """Return the table of a metric with a row for each prior."""
    frame = pd.read_csv(plan.layout.partial().table(metric, "csv"), keep_default_na=False)
    return frame[frame["source"] == "measured"].set_index("prior")


def test_of_a_finished_run_they_are_the_final_ones(
    plan: Plan, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tabulate_partial(plan)
    final = plan.layout.table().parent
    assert capsys.readouterr().err == ""
    assert {file.name for file in folder.iterdir()} == {file.name for file in final.iterdir()}
    for file in final.iterdir():
        if file.suffix != ".csv":
            assert (folder / file.name).read_bytes() == file.read_bytes()
    for name in ("psnr.csv", "ssim.csv", "cost.csv", "paired.csv", "failures.csv"):
        expected = pd.read_csv(final / name)
        found = pd.read_csv(folder / name)[expected.columns]
        pd.testing.assert_frame_equal(found, expected)
    for kind in ("runs", "scores"):
        found = read_table(plan.layout.partial().result(kind))
        pd.testing.assert_frame_equal(found, read_table(plan.layout.result(kind)))
    assert (cells(plan)[[f"{TASK}_done", f"{TASK}_planned"]] == 3).all(axis=None)
    assert "**" in table(plan, "psnr")


def test_a_job_that_is_missing_shows_in_its_cell_and_nothing_is_the_best(plan: Plan) -> None:
    runs(plan, "smooth", "1").unlink()
    scores(plan, "smooth", "1").unlink()
    tabulate_partial(plan)
    values = [
        row["value"] for row in read_rows(scores(plan, "smooth", "0")) if row["metric"] == "psnr"
    ]
    text = table(plan, "psnr")
    assert re.search(rf"^\| smooth \| {np.mean(values):.2f} \(2/3\) \|$", text, re.MULTILINE)
    assert re.search(r"^\| still \| \d+\.\d+ ± \d+\.\d+ \|$", text, re.MULTILINE)
    assert "**" not in text and "<ins>" not in text
    assert "5 of 6 planned restorations" in text
    assert (cells(plan)[f"{TASK}_mark"] == "").all()
    smooth = cells(plan).loc["smooth"]
    assert [smooth[f"{TASK}_{name}"] for name in ("n", "done", "planned", "status")] == [
        2,
        2,
        3,
        "ok",
    ]
    assert pd.read_csv(plan.layout.partial().table("paired", "csv")).empty
    assert re.search(r"^\| smooth \| .* \(2/3\) \|", table(plan, "cost"), re.MULTILINE)
    assert r"(2/3)" in plan.layout.partial().table("psnr", "tex").read_text()


def test_a_prior_that_has_not_begun_has_a_dash(plan: Plan) -> None:
    for kind in ("runs", "scores"):
        shutil.rmtree(Path(getattr(plan.layout, kind)(plan.chunk("photos", "still", 0))).parent)
    tabulate_partial(plan)
    for name in ("psnr", "cost"):
        assert re.search(r"^\| still \| – \(0/3\) \|", table(plan, name), re.MULTILINE)
    still = cells(plan).loc["still"]
    assert [still[f"{TASK}{name}"] for name in ("", "_done", "_planned", "_status")] == [
        "",
        0,
        3,
        "waiting",
    ]


def test_a_restored_job_without_scores_is_among_the_runs_only(plan: Plan) -> None:
    scores(plan, "smooth", "1").unlink()
    # Its runs were removed as it is being restored again; its scores are of the time before.
    runs(plan, "still", "0").unlink()
    tabulate_partial(plan)
    assert "– (0/3)" in table(plan, "psnr") and "(2/3)" in table(plan, "psnr")
    assert pd.read_csv(plan.layout.partial().table("cost", "csv")).set_index("prior")["done"].to_dict() == {
        "smooth": 3, "still": 0
    }  # fmt: skip


@pytest.mark.parametrize("damage", ["cut off", "column", "binary"])
def test_a_damaged_file_is_named_and_left_out(
    plan: Plan, capsys: pytest.CaptureFixture[str], damage: str
) -> None:
    file = scores(plan, "smooth", "0")
    whole = file.read_bytes()
    rows = [json.loads(line) for line in whole.splitlines()]
    file.write_bytes(
        {
            "cut off": whole[:-30],
            "column": json.dumps(rows[0] | {"new": 1}).encode() + b"\n",
            "binary": b"\xff\x00\n",
        }[damage]
    )
    tabulate_partial(plan)
    assert str(file) in capsys.readouterr().err
    assert "(1/3)" in table(plan, "psnr")


def test_two_rows_of_one_cell_are_an_error(plan: Plan) -> None:
    file = runs(plan, "smooth", "0")
    write_rows(file, [*read_rows(file), read_rows(file)[0]])
    with pytest.raises(ValueError, match=f"2 rows for the same cell .*{re.escape(str(file))}"):
        tabulate_partial(plan)


def test_what_the_plan_has_not_is_not_read(plan: Plan, capsys: pytest.CaptureFixture[str]) -> None:
    runs(plan, "smooth", "0").write_text("nothing of ours\n")
    data = CONFIGURATION | {"priors": {"run": ["still"]}}
    Path("config.yaml").write_text(yaml.safe_dump(data))
    tabulate_partial(Plan(load_experiment(Path("config.yaml"))))
    assert "smooth" not in table(plan, "psnr") and "**" in table(plan, "psnr")
    assert capsys.readouterr().err == ""
    Path("photos/c.png").unlink()
    with pytest.raises(ValueError, match="nothing is finished"):
        tabulate_partial(Plan(load_experiment(Path("config.yaml"))))
    assert "has restorations that its job has not" in capsys.readouterr().err


def test_a_file_of_a_job_that_was_cut_otherwise_is_left_out(
    plan: Plan, capsys: pytest.CaptureFixture[str]
) -> None:
    # The first job had the first two images and has one now, the second has another one.
    settings = {"smooth": {"restorations_per_job": 1}}
    Path("config.yaml").write_text(
        yaml.safe_dump(CONFIGURATION | {"priors": {"settings": settings}})
    )
    tabulate_partial(Plan(load_experiment(Path("config.yaml"))))
    left_out = capsys.readouterr().err.splitlines()
    files = [each(plan, "smooth", chunk) for each in (runs, scores) for chunk in ("0", "1")]
    assert left_out == [
        f"priorbench: left out: {file} has restorations that its job has not" for file in files
    ]
    assert "– (0/3)" in table(plan, "psnr")


def test_an_image_of_another_task_than_the_job_has_is_left_out(
    plan: Plan, capsys: pytest.CaptureFixture[str]
) -> None:
    tasks = {"run": ["inpaint", "denoise"]}
    Path("config.yaml").write_text(yaml.safe_dump(CONFIGURATION | {"tasks": tasks}))
    changed = Plan(load_experiment(Path("config.yaml")))
    # The first job of three restorations has the same images, of another task.
    assert [part.images for part in changed.chunk("photos", "still", 0).parts] == [("a", "b", "c")]
    with pytest.raises(ValueError, match="nothing is finished"):
        tabulate_partial(changed)
    left_out = capsys.readouterr().err
    assert f"{runs(plan, 'still', '0')} has restorations that its job has not" in left_out


def test_rows_that_are_out_of_date_are_named(
    plan: Plan, capsys: pytest.CaptureFixture[str]
) -> None:
    file = runs(plan, "smooth", "1")
    write_rows(file, [row | {"fingerprint": "another"} for row in read_rows(file)])
    tabulate_partial(plan)
    assert "Out of date: restorations (smooth on denoise-25)" in capsys.readouterr().err
    assert "Out of date" in table(plan, "psnr")


def test_nothing_finished_is_one_message(
    plan: Plan, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.rmtree(plan.layout.root / "runs")
    monkeypatch.setattr("sys.argv", ["priorbench", "tabulate", "--partial"])
    with pytest.raises(SystemExit) as end:
        main()
    assert end.value.code == 2
    captured = capsys.readouterr()
    assert captured.err.splitlines() == [
        "priorbench: nothing is finished yet: there are no rows of this experiment in results/tiny/runs"
    ]
    assert not Path(plan.layout.partial().root).exists()
