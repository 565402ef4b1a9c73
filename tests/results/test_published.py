import csv
from collections import Counter
from importlib.resources import files
from itertools import pairwise
from pathlib import Path

import pytest

from priorbench.config import DatasetSection, parse_experiment
from priorbench.plan import Plan
from priorbench.results.published import published_rows
from priorbench.results.schema import PROTOCOL_DIFFERS, SCORES
from priorbench.specs import NAME

SOURCES = ("bsd68", "set12", "set5", "set14", "cbsd68", "kodak24")
DATASETS = {
    **{name: DatasetSection(source=name, gray=name in ("bsd68", "set12")) for name in SOURCES},
    "gray11": DatasetSection(source="dip"),
    "color9": DatasetSection(source="dip", parameters={"group": "color9"}, gray=False),
}
FILE = files("priorbench.results").joinpath("published.csv")
ROWS = list(csv.DictReader(FILE.read_text(encoding="utf-8").splitlines()))
KEY = ("source", "prior", "dataset", "task", "metric")
ROOT = Path(__file__).parents[2]
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
    assert published_rows("e", DATASETS, TASKS, {"ssim"}) == []


def test_numbers_stand_beside_the_images_whatever_the_experiment_calls_them():
    rows = published_rows("e", {"mine": DATASETS["bsd68"]}, TASKS, {"psnr"})
    assert rows and {row["dataset"] for row in rows} == {"mine"}
    named = {"bsd68": DatasetSection(source="folder", parameters={"path": "photographs"})}
    assert published_rows("e", named, TASKS, {"psnr"}) == []


@pytest.mark.parametrize(
    ("name", "changes", "fits"),
    [
        ("bsd68", {}, True),
        ("bsd68", {"limit": 3}, False),
        ("bsd68", {"crop": 160}, False),
        ("bsd68", {"max_size": 160}, False),
        ("bsd68", {"images": ["test001"]}, False),
        ("bsd68", {"exclude": ["test001"]}, False),
        ("color9", {"gray": True}, False),
        ("color9", {}, True),
        ("cbsd68", {"gray": True}, False),
        ("kodak24", {}, True),
    ],
)
def test_published_numbers_stand_beside_the_same_images_only(name, changes, fits):
    sections = {
        name: DATASETS[name].model_copy(update=changes),
        "other": DatasetSection(source="folder"),
    }
    rows = published_rows("mine", sections, {"denoise-25"}, {"psnr"})
    assert {row["dataset"] for row in rows} == ({name} if fits else set())


def test_every_row_is_of_images_and_a_task_that_an_experiment_can_have():
    sections = {
        name: section.model_dump(exclude_defaults=True, include={"source", "parameters"})
        for name, section in DATASETS.items()
    }
    experiment = parse_experiment(
        {
            "experiment": "all",
            "datasets": sections,
            "test": list(sections),
            "tasks": {
                "run": ["denoise", "inpaint", "sr"],
                "settings": {
                    "denoise": {"parameters": {"sigma": [15, 25, 50]}},
                    "inpaint": {"parameters": {"missing": 50}},
                    "sr": {"parameters": {"factor": 4}},
                },
            },
            "priors": {"run": ["observed"]},
            "plugins": {"folders": [str(ROOT / "plugins")]},
        },
        "test",
    )
    plan = Plan(experiment)
    assert {row["dataset"] for row in ROWS} == set(plan.datasets)
    assert {row["task"] for row in ROWS} == set(plan.tasks)
    assert {row["metric"] for row in ROWS} <= set(plan.metrics)
    # A set of gray photographs has no number of colour ones.
    for row in ROWS:
        assert (row["colour"] == "yes") == (not DATASETS[row["dataset"]].gray), row


def test_no_number_is_there_twice_and_each_has_a_source():
    keys = [(*(row[name] for name in KEY), row["note"]) for row in ROWS]
    assert max(Counter(keys).values()) == 1
    assert all(row["source"].strip() and NAME.fullmatch(row["prior"]) for row in ROWS)
    assert all({*row} == {*KEY, "colour", "value", "note", "protocol"} for row in ROWS)


def test_more_noise_costs_decibels_and_every_number_is_one():
    by_method = {}
    for row in ROWS:
        assert 20 < float(row["value"]) < 45
        kind, _, level = row["task"].partition("-")
        if kind == "denoise":
            key = row["source"], row["prior"], row["dataset"], row["note"]
            by_method.setdefault(key, {})[int(level)] = float(row["value"])
    several = [values for values in by_method.values() if len(values) > 1]
    assert len(several) > 20
    for values in several:
        in_order = [values[level] for level in sorted(values)]
        assert in_order == sorted(in_order, reverse=True)
        assert all(1 < high - low < 7 for high, low in pairwise(in_order))


@pytest.mark.parametrize("dataset", ["cbsd68", "kodak24", "set12", "bsd68"])
@pytest.mark.parametrize("prior", ["ffdnet", "drunet", "restormer"])
def test_the_networks_have_numbers_at_three_levels(dataset, prior):
    levels = {row["task"] for row in ROWS if (row["dataset"], row["prior"]) == (dataset, prior)}
    assert levels == {"denoise-15", "denoise-25", "denoise-50"}


@pytest.mark.parametrize("prior", ["bm3d", "wnnm", "gmm-K200", "tnrd", "dncnn-s"])
def test_the_classical_methods_have_them_on_bsd68(prior):
    levels = {row["task"] for row in ROWS if (row["dataset"], row["prior"]) == ("bsd68", prior)}
    assert levels == {"denoise-15", "denoise-25", "denoise-50"}


def test_a_note_says_where_a_protocol_differs_and_how():
    rows = published_rows("e", {"color9": DATASETS["color9"]}, TASKS, {"psnr"})
    notes = {row["prior"]: row["note"] for row in rows}
    assert notes["dip"].endswith(f"; {PROTOCOL_DIFFERS}the noisy image is clipped to [0, 1]")
    assert PROTOCOL_DIFFERS not in notes["cbm3d"]
