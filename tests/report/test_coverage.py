"""Tables of what is finished: nothing looks more final than it is."""

import re
from dataclasses import replace
from types import SimpleNamespace

import pandas as pd
import pytest

from priorbench.report.coverage import Coverage, comparable
from priorbench.report.score_table import score_csv, score_grid
from priorbench.report.tables import write_tables


@pytest.fixture(scope="module", name="experiment")
def part_of_it(experiment):
    """Two tasks are enough, and quicker."""
    tasks = {
        task: label
        for task, label in experiment.catalogue.tasks.items()
        if task in ("denoise-25", "denoise-50")
    }
    scores, runs = (
        frame[frame["task"].isin(list(tasks))] for frame in (experiment.scores, experiment.runs)
    )
    return SimpleNamespace(
        scores=scores, runs=runs, catalogue=replace(experiment.catalogue, tasks=tasks)
    )


@pytest.fixture
def planned(experiment):
    counts = experiment.runs.groupby(["dataset", "task", "prior"]).size()
    return {tuple(map(str, cell)): int(count) for cell, count in counts.items()}


def without(frame, dataset, task, prior, images):
    """Return the rows but those of some images of a cell."""
    lost = (frame["dataset"] == dataset) & (frame["task"] == task) & (frame["prior"] == prior)
    return frame[~(lost & frame["image"].isin(images))]


@pytest.mark.slow
def test_what_is_whole_looks_as_at_the_end(experiment, planned, tmp_path):
    # One data set with failures of every kind is enough.
    small = replace(experiment.catalogue, datasets=("scikit-image",))
    scores, runs = (
        frame[frame["dataset"] == "scikit-image"] for frame in (experiment.scores, experiment.runs)
    )
    planned = {cell: count for cell, count in planned.items() if cell[0] == "scikit-image"}
    for part, whole in zip(
        write_tables(scores, runs, small, tmp_path / "part", planned),
        write_tables(scores, runs, small, tmp_path / "whole"),
        strict=True,
    ):
        if part.suffix != ".csv":
            assert part.read_text() == whole.read_text()
        elif part.name != "cost.csv" and part.stat().st_size > 1:
            seen, final = pd.read_csv(part), pd.read_csv(whole)
            pd.testing.assert_frame_equal(seen[final.columns], final)


def test_only_the_column_that_lacks_images_has_no_best(experiment, planned):
    scores = without(experiment.scores, "bsd68", "denoise-25", "nlm", ["im03", "im07"])
    table = score_csv(scores, experiment.catalogue, "psnr", planned).set_index(["dataset", "prior"])
    whole = score_csv(experiment.scores, experiment.catalogue, "psnr").set_index(
        ["dataset", "prior"]
    )
    marks = [column for column in whole.columns if column.endswith("_mark")]
    assert (table.loc["bsd68", "denoise-25_mark"] == "").all()
    others = [mark for mark in marks if mark != "denoise-25_mark"]
    pd.testing.assert_frame_equal(table.loc["bsd68", others], whole.loc["bsd68", others])
    pd.testing.assert_frame_equal(
        table.loc["scikit-image", marks], whole.loc["scikit-image", marks]
    )
    nlm = table.loc[("bsd68", "nlm")]
    assert nlm[["denoise-25_n", "denoise-25_done", "denoise-25_planned"]].tolist() == [10, 10, 12]
    grid = score_grid(scores, experiment.catalogue, "psnr", planned)
    texts = {row[0].text: row[1] for row in grid.sections[0].blocks[0]}
    assert re.fullmatch(r"\d\d\.\d\d \(10/12\)", texts["non-local means"].text)
    assert "±" in texts["GMM K=10"].text
    assert {cell.mark for cell in texts.values()} <= {"", "failed"}
    assert grid.notes[0] == f"Not finished: {sum(planned.values()) - 2} of {sum(planned.values())} planned "\
        "restorations are in this table."  # fmt: skip


def test_failures_are_told_from_what_is_missing(experiment, planned):
    scores = without(experiment.scores, "bsd68", "denoise-25", "tv", ["im03"])
    scores = without(scores, "bsd68", "denoise-50", "odd_one", ["im03"])
    rows = {
        row[0].text: row
        for row in score_grid(scores, experiment.catalogue, "psnr", planned).sections[0].blocks[0]
    }
    # Of tv's twelve images two have failed, and one is not finished.
    assert rows["total variation"][1].text.endswith(" (9/12, 2 failed)")
    assert rows["odd_one & co | 50%"][2].text == "timeout (0/12, 11 failed)"


def test_pairs_are_those_of_whole_columns(experiment, planned):
    scores = without(experiment.scores, "bsd68", "denoise-25", "nlm", ["im03"])
    left = comparable(scores, planned, experiment.catalogue.metrics)
    assert set(zip(left["dataset"], left["task"], strict=True)) == {
        (dataset, task)
        for dataset in experiment.catalogue.datasets
        for task in experiment.catalogue.tasks
        if (dataset, task) != ("bsd68", "denoise-25")
    }


def test_a_cell_that_is_not_run_lacks_nothing():
    coverage = Coverage({("a", "t", "p"): 2}, {("a", "t", "p"): 2})
    assert (
        coverage.is_whole(("a", "t", "q"))
        and coverage.is_whole_column("a", "t")
        and coverage.notes() == ()
    )
