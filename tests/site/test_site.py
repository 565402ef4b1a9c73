"""The whole site of a small experiment: colour and gray, cut, failed and unsupported restorations."""

from __future__ import annotations

import errno
import json
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml
from scipy.ndimage import gaussian_filter

from priorbench.config import load_experiment
from priorbench.data.images import read_image, write_image
from priorbench.errors import StorageError
from priorbench.monitor.summary import print_summary, summary_data
from priorbench.plan import Plan
from priorbench.site import build as building
from priorbench.site import failed, pictures
from priorbench.site.build import build
from priorbench.site.page import Page
from priorbench.site.thumbnails import thumbnail
from priorbench.stages.claims import claims
from priorbench.stages.corrupt import corrupt
from priorbench.stages.draw import draw
from priorbench.stages.gather import gather
from priorbench.stages.prepare import prepare
from priorbench.stages.restore import restore
from priorbench.stages.score import score
from priorbench.stages.study import study
from priorbench.stages.tabulate import tabulate
from priorbench.store.cell import Cell
from priorbench.store.files import file_sha256, read_json, write_json
from tests.conftest import Bench

pytestmark = pytest.mark.slow

PLUGIN = """
    import pandas as pd
    from matplotlib.figure import Figure

    from priorbench import NotApplicable, PriorSpec, StudySpec, hookimpl
    from priorbench.priors import Prior, Restoration
    from priorbench.studies import Claim, Findings

    class Plain(Prior):
        def restore(self, problem, context):
            return Restoration(problem.estimate())

    class Traced(Prior):
        def restore(self, problem, context):
            trace = [{"iteration": 1, "loss": 0.5}, {"iteration": 2, "loss": float("nan")}]
            return Restoration(0.9 * problem.estimate(), trace=trace)

    class Picky(Prior):
        def restore(self, problem, context):
            if problem.image_shape[0] == 1:
                raise RuntimeError("no <gray> images, please")
            return Restoration(problem.estimate(), timed_out=True)

    class Limited(Prior):
        def restore(self, problem, context):
            raise NotApplicable("can't do anything")

    @hookimpl
    def register_priors():
        label = 'plain <b>"&#1%é'
        yield PriorSpec(name="plain", factory=Plain, summary="a & b", label=label, baseline=True)
        yield PriorSpec(name="traced", factory=Traced, summary="for a test")
        yield PriorSpec(name="picky", factory=Picky, summary="for a test", tasks=("denoise*",))
        yield PriorSpec(name="limited", factory=Limited, summary="for a test", tasks=("sr*",))

    def look(experiment):
        claim = Claim(statement="it is so", source="here", evidence="1 dB", holds=True)
        return Findings(table=pd.DataFrame({"a": [1.5]}), figure=Figure(), claims=[claim])

    @hookimpl
    def register_studies():
        yield StudySpec(name="look", factory=look, summary="is it so?", caption="A figure.")
"""
TEMPLATE = """{{ site.name }}: {% for prior in site.priors %}<i>{{ prior.label }}</i>{% endfor %}
{% for row in site.failures.rows %}<p>{{ row[6] }}</p>{% endfor %}<img src="{{ site.headline }}">
"""
TASKS = {"denoise": {"sigma": 20}, "sr": {"factor": 2}, "cs": {}}


def make(root: Path) -> None:
    """Run the experiment in a folder whose name a page must quote."""
    bench = Bench(root)
    noise = np.random.default_rng(0)
    for name, shape in {"a b#1%é": (33, 41), "colour": (30, 36, 3), "gray": (48, 32)}.items():
        pixels = gaussian_filter(noise.random(shape), (2, 2, 0)[: len(shape)])
        bench.image(name, (pixels - pixels.min()) / np.ptp(pixels))
    bench.plugin("kinds", PLUGIN)
    (root / "photos" / "broken.png").write_bytes(b"no image")
    plan = bench.plan(
        datasets={"photos": {"source": "folder", "parameters": {"path": "photos"}, "gray": False}},
        tasks={"run": list(TASKS), "settings": {k: {"parameters": v} for k, v in TASKS.items()}},
        metrics=["psnr", "ssim", "residual"],
        studies=["look"],
    )
    prepare(plan, "photos")
    for task in plan.tasks:
        corrupt(plan, "photos", task)
    for chunk in plan.all_chunks():
        restore(plan, chunk)
        score(plan, chunk)
        log = plan.layout.log_file("restore", chunk)
        log.parent.mkdir(parents=True, exist_ok=True)
        log.write_text("restored\n")
    show(plan)
    study(plan, "look")
    claims(plan)
    (root / "page" / "assets" / "vendor").mkdir(parents=True)
    (root / "page" / "index.html.j2").write_text(TEMPLATE)
    (root / "page" / "assets" / "vendor" / "some.js").write_text("1;\n")


def show(plan: Plan) -> None:
    """Make what the site shows of the rows."""
    plan.layout.root.joinpath("config.yaml").write_text("experiment: tiny\n")
    gather(plan)
    tabulate(plan)
    draw(plan)


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder of the finished experiment; tests copy it."""
    root = tmp_path_factory.mktemp("site") / "my results #1 %é"
    root.mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(root)
        make(root)
    yield root


@pytest.fixture
def plan(finished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Plan:
    """The plan of a copy of the experiment, in which the test runs."""
    root = tmp_path / finished.name
    shutil.copytree(finished, root)
    monkeypatch.chdir(root)
    return Plan(load_experiment(root / "config.yaml"))


PAGE = Page(Path("page"), Path("page/assets"))


def make_site(plan: Plan, processes: int = 1) -> Path:
    return build(plan, processes, PAGE).parent


def data(site: Path, key: str) -> Any:
    """Return what the page gets from a file, which must be one call in one line."""
    text = (site / f"data/{key}.js").read_text()
    found = re.fullmatch(r"PRIORBENCH\.put\((\".*?\"), (.*)\)\n", text)
    assert found and json.loads(found[1]) == key
    return json.loads(found[2], parse_constant=pytest.fail)


def records(columns: dict[str, Any]) -> list[dict[str, Any]]:
    return [dict(zip(columns["columns"], row, strict=True)) for row in columns["rows"]]


def contents(site: Path) -> dict[str, bytes]:
    return {
        path.relative_to(site).as_posix(): path.read_bytes()
        for path in site.rglob("*")
        if path.is_file()
    }


def named(site: Path) -> set[str]:
    """Return every file that the data name."""
    start = data(site, "experiment")
    found = {start["headline"], *(figure["file"] for figure in start["figures"])}
    found |= {file for each in start["studies"] for file in (each["figure"], *each["files"])}
    for download in start["downloads"]:
        for file in download["files"]:
            assert (site / file["path"]).stat().st_size == file["bytes"]
            found.add(file["path"])
    found |= {row["log"] for row in records(start["failures"]) if row["log"]}
    found |= {f"environment/{each['id']}.json" for each in start["environments"]}
    for dataset in start["datasets"]:
        for task in start["tasks"]:
            place = f"{dataset['id']}/{task['id']}"
            cell = data(site, f"cells/{place}")
            shown = []
            for image in cell["images"]:
                name = image["name"]
                shown += [f"clean/{dataset['id']}/{name}"] * image["clean"]
                shown += [f"observed/{place}/{name}"] * image["observed"]
                if image["scene"]:
                    found.add(f"images/scene/{place}/{name}.png")
            for prior, made in cell["priors"].items():
                found |= {made["spec"], *filter(None, made["logs"])} - {None}
                for number, image in enumerate(cell["images"]):
                    place_of_image = f"{place}/{prior}/{image['name']}"
                    shown += [f"restored/{place_of_image}"] * made["has_image"][number]
                    if made["has_trace"][number]:
                        found.add(f"data/traces/{place_of_image}.js")
            found |= {f"images/{each}.png" for each in shown}
            found |= {f"thumbnails/{each}.webp" for each in shown}
    return found


def test_every_file_that_the_data_name_is_there_and_nothing_else(plan):
    site = make_site(plan)
    there = set(contents(site))
    expected = named(site)
    assert expected <= there
    own = {path for path in there - expected if not path.endswith("_sources.json")}
    logs = {path for path in own if path.startswith("logs/")}
    cells = {path for path in own if path.startswith("data/cells/")}
    figures = {path for path in own if path.startswith("figures/") and path.endswith(".svg")}
    fixed = {"index.html", "assets/vendor/some.js", "data/experiment.js"}
    assert own - logs - cells - figures == fixed
    assert len(cells) == len(TASKS)


def test_the_numbers_are_those_of_the_tables_and_of_the_rows(plan):
    site = make_site(plan)
    start = data(site, "experiment")
    scores = pd.read_parquet("results/tiny/scores.parquet")
    count = 0
    for row in records(start["scores"]):
        table = pd.read_csv(f"results/tiny/tables/{row['metric']}.csv")
        [line] = table[table["prior"] == row["prior"]].to_dict("records")
        for field in ("n", "n_failed", "low", "high"):
            value = line[f"{row['task']}_{field}"]
            assert row[field] == value or (row[field] is None and np.isnan(value))
        own = scores[
            (scores["task"] == row["task"])
            & (scores["prior"] == row["prior"])
            & (scores["metric"] == row["metric"])
        ]["value"].dropna()
        assert row["mean"] == pytest.approx(own.mean(), rel=1e-12) if len(own) else not row["n"]
        count += 1
    assert count == 4 * len(TASKS) * 3
    paired = pd.read_csv("results/tiny/tables/paired.csv")
    assert [row["difference"] for row in records(start["paired"])] == paired["difference"].tolist()
    costs = pd.read_csv("results/tiny/tables/cost.csv")
    assert [row["seconds_mean"] for row in records(start["costs"])] == costs[
        "seconds_mean"
    ].tolist()
    assert start["costs"]["columns"] == list(costs)
    runs = pd.read_parquet("results/tiny/runs.parquet").set_index(["task", "prior", "image"])
    values = scores.set_index(["task", "prior", "metric", "image"])["value"].to_dict()
    for task in plan.tasks:
        cell = data(site, f"cells/photos/{task}")
        assert [image["name"] for image in cell["images"]] == list(plan.dataset("photos").images)
        for prior, made in cell["priors"].items():
            for number, image in enumerate(cell["images"]):
                run = runs.loc[(task, prior, image["name"])]
                assert made["status"][number] == run["status"]
                assert made["reason"][number] == run["reason"]
                seconds = made["seconds"][number]
                assert seconds == run["seconds"] or (seconds is None and np.isnan(run["seconds"]))
                for metric in plan.metrics:
                    expected = values[task, prior, metric, image["name"]]
                    shown = made["values"][metric][number]
                    assert shown == expected or (shown is None and np.isnan(expected))


def test_worst_and_best_images_are_those_of_the_rows(plan):
    start = data(make_site(plan), "experiment")
    scores = pd.read_parquet("results/tiny/scores.parquet").dropna(subset="value")
    rows = records(start["worst_best"])
    assert {row["metric"] for row in rows} == {"psnr", "ssim"}  # The residual has no best.
    for row in rows:
        own = scores[
            (scores[["task", "metric", "prior"]] == [row["task"], row["metric"], row["prior"]]).all(
                axis=1
            )
        ]
        values = dict(zip(own["image"], own["value"], strict=True))
        assert values[row["worst_image"]] == row["worst"] == min(values.values())
        assert values[row["best_image"]] == row["best"] == max(values.values())


def test_failed_unsupported_and_stopped_restorations_say_so(plan):
    site = make_site(plan)
    cell = data(site, "cells/photos/denoise-20")
    names = [image["name"] for image in cell["images"]]
    picky = cell["priors"]["picky"]
    at = names.index("gray")
    assert picky["status"][at] == "failed" and "no <gray> images" in picky["reason"][at]
    assert not picky["has_image"][at] and picky["values"]["psnr"][at] is None
    assert picky["logs"][at] == "logs/restore/photos/picky/0.log"
    at = names.index("colour")
    assert picky["status"][at] == "timeout" and picky["has_image"][at]
    assert picky["values"]["psnr"][at] > 0
    at = names.index("broken")
    assert (
        cell["images"][at] | {"width": None, "clean": False, "observed": False}
        == cell["images"][at]
    )
    assert "limited" not in cell["priors"]
    limited = data(site, "cells/photos/sr-x2")["priors"]["limited"]
    assert set(limited["status"]) == {"unsupported", "failed"} and not any(limited["has_image"])
    start = data(site, "experiment")
    unsupported = [row for row in records(start["scores"]) if row["status"] == "unsupported"]
    assert {(row["prior"], row["task"]) for row in unsupported} >= {
        ("picky", "sr-x2"),
        ("limited", "sr-x2"),
    }
    failures = pd.read_csv("results/tiny/tables/failures.csv")
    assert [row["reason"] for row in records(start["failures"])] == failures["reason"].tolist()
    html = (site / "index.html").read_text()
    assert "no &lt;gray&gt; images, please" in html and "plain &lt;b&gt;&#34;&amp;#1%é" in html


def test_pictures_are_the_restorations_and_of_the_size_of_the_scene(plan):
    site = make_site(plan)
    for task in plan.tasks:
        for image in data(site, f"cells/photos/{task}")["images"]:
            name, size = image["name"], (image["height"], image["width"])
            if not image["observed"]:
                continue
            observed = read_image(site / f"images/observed/photos/{task}/{name}.png")
            scene = site / f"images/scene/photos/{task}/{name}.png"
            assert observed.shape[:2] == size
            assert (observed.ndim == 3) == (image["channels"] == 3)
            clean = read_image(site / f"images/clean/photos/{name}.png")
            assert scene.exists() == image["scene"] == (clean.shape[:2] != size)
            if image["scene"]:
                cut = clean[: image["height"], : image["width"]]
                np.testing.assert_array_equal(read_image(scene), cut)
            cell = Cell("photos", task, "plain")
            restored = plan.layout.restored(cell, f"{name}.png")
            shown = site / f"images/restored/{cell}/{name}.png"
            assert shown.samefile(restored)
    # A smaller observation is enlarged by whole pixels.
    large = read_image(site / "images/observed/photos/sr-x2/gray.png")
    np.testing.assert_array_equal(large[::2, ::2].repeat(2, 0).repeat(2, 1), large)


def test_a_trace_is_its_csv_with_what_is_not_finite_as_null(plan):
    trace = data(make_site(plan), "traces/photos/denoise-20/traced/gray")
    assert trace == {"columns": ["iteration", "loss"], "rows": [[1, 0.5], [2, None]]}


def test_a_second_build_changes_nothing_and_keeps_the_thumbnails(plan):
    site = make_site(plan)
    first = contents(site)
    times = {path: path.stat().st_mtime_ns for path in site.rglob("*.webp")}
    make_site(plan)
    assert contents(site) == first
    assert {path: path.stat().st_mtime_ns for path in site.rglob("*.webp")} == times


def test_two_processes_make_the_same_site(plan, monkeypatch):
    monkeypatch.setattr("priorbench.site.build.PICTURES_OF_A_PROCESS", 1)
    site = make_site(plan)
    first = contents(site)
    shutil.rmtree(site)
    make_site(plan, processes=2)
    assert contents(site) == first


def test_what_belongs_to_a_prior_that_was_left_out_is_removed(plan):
    site = make_site(plan)
    assert any("traced" in path for path in contents(site))
    changed = yaml.safe_load(Path("config.yaml").read_text()) | {"priors": {"skip": ["traced"]}}
    Path("config.yaml").write_text(yaml.safe_dump(changed))
    other = Plan(load_experiment(Path("config.yaml")))
    shutil.rmtree("results/tiny/logs/restore/photos/traced")
    show(other)
    make_site(other)
    assert not [path for path in contents(site) if "traced" in path]
    assert not [path for path in site.rglob("*") if path.is_dir() and not any(path.iterdir())]
    assert named(site) <= set(contents(site))


def test_an_experiment_without_studies_has_a_site(plan):
    changed = yaml.safe_load(Path("config.yaml").read_text()) | {"studies": []}
    Path("config.yaml").write_text(yaml.safe_dump(changed))
    site = make_site(Plan(load_experiment(Path("config.yaml"))))
    assert data(site, "experiment")["studies"] == []
    assert not (site / "studies").exists()


@pytest.mark.parametrize("where", ["write_data", "remove_others", "experiment_data"])
def test_a_build_that_breaks_off_leaves_no_page(plan, monkeypatch, where):
    site = make_site(plan)
    whole = contents(site)

    def full(*_: Any, **__: Any) -> None:
        raise OSError(errno.ENOSPC, "no space left")

    with monkeypatch.context() as patch:
        patch.setattr(building, where, full)
        with pytest.raises(OSError, match="no space left"):
            make_site(plan)
    assert not (site / "index.html").exists()
    make_site(plan)
    assert contents(site) == whole


def test_pictures_that_were_broken_off_are_made_again(plan, monkeypatch):
    whole = contents(make_site(plan))
    shutil.rmtree("results/tiny/site")
    made = []

    def break_off(picture: np.ndarray) -> bytes:
        made.append(picture)
        if len(made) > 5:
            raise OSError(errno.ENOSPC, "no space left")
        return b"half a picture"

    with monkeypatch.context() as patch:
        patch.setattr(pictures, "thumbnail", break_off)
        with pytest.raises(OSError, match="no space left"):
            make_site(plan)
    site = make_site(plan)
    # Folders that were whole keep what was made.
    after = contents(site)
    assert after.keys() == whole.keys()
    wrong = {path for path in whole if after[path] != whole[path]}
    assert len(wrong) <= 3 and all(path.startswith("thumbnails/clean/") for path in wrong)


def replace_restoration(plan: Plan, cell: Cell, image: str) -> Path:
    """Write another restoration, with its record, as a job does."""
    path = plan.layout.restored(cell, f"{image}.png")
    write_image(path, 1 - read_image(path))
    record = read_json(path.with_suffix(".json"))
    write_json(path.with_suffix(".json"), record | {"sha256": {path.name: file_sha256(path)}})
    return path


def test_a_restoration_that_has_changed_is_shown_and_no_other_thumbnail_is_made(plan, monkeypatch):
    site = make_site(plan)
    before = contents(site)
    cell = Cell("photos", "denoise-20", "plain")
    restored = replace_restoration(plan, cell, "colour")
    made = []
    monkeypatch.setattr(pictures, "thumbnail", lambda picture: made.append(1) or thumbnail(picture))
    make_site(plan)
    after = contents(site)
    assert len(made) == 1
    changed = {path for path in before if before[path] != after[path]}
    folder = f"thumbnails/restored/{cell}"
    assert changed == {
        f"images/restored/{cell}/colour.png",
        f"{folder}/colour.webp",
        f"{folder}/_sources.json",
    }
    assert (site / f"images/restored/{cell}/colour.png").samefile(restored)


def test_a_thumbnail_that_is_gone_is_made_again(plan):
    site = make_site(plan)
    whole = contents(site)
    for path in list(site.rglob("gray.webp")):
        path.unlink()
    make_site(plan)
    assert contents(site) == whole


def test_without_hard_links_the_images_are_copies(plan, monkeypatch):
    linked = contents(make_site(plan))
    shutil.rmtree("results/tiny/site")

    def refuse(*_: Any) -> None:
        raise OSError(errno.EXDEV, "other file system")

    monkeypatch.setattr(os, "link", refuse)
    site = make_site(plan)
    assert contents(site) == linked
    cell = Cell("photos", "denoise-20", "plain")
    shown = site / f"images/restored/{cell}/gray.png"
    assert not shown.samefile(plan.layout.restored(cell, "gray.png"))


@pytest.mark.parametrize(
    "name",
    [
        "restored/photos/denoise-20/plain/gray.png",
        "images/photos/gray.png",
        "problems/photos/denoise-20/gray.npz",
    ],
)
@pytest.mark.parametrize("damage", ["changed", "missing"])
def test_what_is_damaged_is_named_and_leaves_no_page(plan, name, damage):
    path = plan.layout.root / name
    if damage == "missing":
        path.unlink()
    else:
        content = path.read_bytes()
        path.write_bytes(content[:-20] + b"x" + content[-19:])
    with pytest.raises(StorageError, match=rf"{re.escape(str(path))} is {damage[:7]}|damaged"):
        make_site(plan)
    assert not plan.layout.site().page().exists()


def test_a_record_that_is_gone_is_named(plan):
    record = plan.layout.restored(Cell("photos", "denoise-20", "plain"), "gray.json")
    record.unlink()
    with pytest.raises(StorageError, match=re.escape(str(record))):
        make_site(plan)


def test_a_table_that_is_not_there_is_named_and_leaves_no_page(plan):
    table = plan.layout.table("paired", "csv")
    table.unlink()
    with pytest.raises(FileNotFoundError, match=r"paired\.csv"):
        make_site(plan)
    assert not plan.layout.site().page().exists()


def test_many_failures_are_shortened_and_the_page_says_so(plan, monkeypatch):
    monkeypatch.setattr(failed, "MOST", 1)
    start = data(make_site(plan), "experiment")
    assert len(start["failures"]["rows"]) == 1
    count = len(pd.read_csv("results/tiny/tables/failures.csv"))
    assert f"the first 1 of {count} failures" in start["remarks"][-1]


def test_the_summary_says_where_the_page_is_once_there_is_one(plan, capsys):
    assert summary_data(plan).site is None
    page = make_site(plan) / "index.html"
    data_of_run = summary_data(plan)
    assert data_of_run.site == page
    print_summary(plan, data_of_run)
    assert f"open {page.absolute()}" in capsys.readouterr().out.replace("\n", "")
