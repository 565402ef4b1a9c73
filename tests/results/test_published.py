from collections import Counter

import pytest

from priorbench.config import DatasetSection
from priorbench.results.published import published_rows
from priorbench.results.schema import SCORES

DATASETS = {
    name: DatasetSection(source=name, gray=name in ("bsd68", "set12", "gray11"))
    for name in ("bsd68", "set12", "set5", "set14", "gray11", "color9")
}
TASKS = {"denoise-15", "denoise-25", "denoise-50", "inpaint-50", "sr-x4"}


def test_rows_have_the_columns_of_the_scores_and_are_unique():
    rows = published_rows("e", DATASETS, TASKS, {"psnr", "psnr-y"})
    assert all(list(row) == SCORES.schema.names for row in rows)
    assert all(row["image"] == "" and row["source"] == "paper" and row["note"] for row in rows)
    assert {row["dataset"] for row in rows} == set(DATASETS)
    assert (
        max(
            Counter(
                (row["dataset"], row["task"], row["prior"], row["note"]) for row in rows
            ).values()
        )
        == 1
    )


def test_only_what_the_experiment_measures_is_returned():
    rows = published_rows("e", {"bsd68": DATASETS["bsd68"]}, {"denoise-25"}, {"psnr"})
    assert {(row["dataset"], row["task"], row["metric"]) for row in rows} == {
        ("bsd68", "denoise-25", "psnr")
    }
    assert published_rows("e", {"mine": DATASETS["bsd68"]}, TASKS, {"psnr"}) == []
    assert published_rows("e", DATASETS, TASKS, {"ssim"}) == []


@pytest.mark.parametrize(
    ("name", "changes", "fits"),
    [
        ("bsd68", {}, True),
        ("bsd68", {"limit": 3}, False),
        ("bsd68", {"crop": 160}, False),
        ("bsd68", {"max_size": 160}, False),
        ("bsd68", {"images": ["test001"]}, False),
        ("bsd68", {"exclude": ["test001"]}, False),
        ("color9", {}, False),
        ("color9", {"gray": False}, True),
    ],
)
def test_published_numbers_stand_beside_the_same_images_only(name, changes, fits):
    sections = {
        name: DatasetSection(source=name, **changes),
        "other": DatasetSection(source="folder"),
    }
    rows = published_rows("mine", sections, {"denoise-25"}, {"psnr"})
    assert {row["dataset"] for row in rows} == ({name} if fits else set())
