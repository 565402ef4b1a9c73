from collections import Counter

from priorbench.results.published import published_rows
from priorbench.results.schema import SCORES

DATASETS = {"bsd68", "set12", "set5", "set14", "gray11", "color9"}
TASKS = {"denoise-15", "denoise-25", "denoise-50", "inpaint-50", "sr-x4"}


def test_rows_have_the_columns_of_the_scores_and_are_unique():
    rows = published_rows("e", DATASETS, TASKS, {"psnr", "psnr-y"})
    assert all(list(row) == SCORES.schema.names for row in rows)
    assert all(row["image"] == "" and row["source"] == "paper" and row["note"] for row in rows)
    assert {row["dataset"] for row in rows} == DATASETS
    assert max(Counter((row["dataset"], row["task"], row["prior"], row["note"]) for row in rows).values()) == 1


def test_only_what_the_experiment_measures_is_returned():
    rows = published_rows("e", {"bsd68"}, {"denoise-25"}, {"psnr"})
    assert {(row["dataset"], row["task"], row["metric"]) for row in rows} == {("bsd68", "denoise-25", "psnr")}
    assert published_rows("e", {"mine"}, TASKS, {"psnr"}) == []
    assert published_rows("e", DATASETS, TASKS, {"ssim"}) == []
