"""Experiments that were run in parts are one afterwards, or are refused with the reason."""

from __future__ import annotations

import copy
import json
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
import yaml
from typer.testing import CliRunner

from priorbench.cli import app
from priorbench.config import ConfigError, load_experiment
from priorbench.merging import merge as merging
from priorbench.merging.merge import merge
from priorbench.merging.parts import MergeError
from priorbench.monitor.verify import damages
from priorbench.plan import Plan
from priorbench.provenance import fingerprint
from priorbench.results import load
from priorbench.results.gather import read_table
from priorbench.stages.draw import draw
from priorbench.stages.tabulate import tabulate
from priorbench.store.cell import Cell
from priorbench.store.files import file_sha256
from priorbench.store.layout import Layout
from tests.conftest import BUILT_IN_PLUGINS, Bench
from tests.small_runs import pictures, plugin, run, without_workers

pytestmark = pytest.mark.slow

STUDENT = """
    from priorbench.priors import Learned

    class Bias(Parameters):
        bias: float = 0.3

    class Student(Prior, Learned):
        def __init__(self, bias):
            self.bias, self.mean = bias, None

        def fit(self, images, context):
            self.mean = torch.stack([image.mean() for image in images]).mean()
            yield {"iteration": 0, "loss": 1.0}

        def state_dict(self):
            return {"mean": self.mean.reshape(1)}

        def load_state_dict(self, state):
            self.mean = state["mean"][0]

        def restore(self, problem, context):
            return Restoration(problem.estimate().lerp(self.mean, self.bias))
"""
METRIC = """
    from priorbench import MetricSpec, hookimpl

    def spread(restored, clean):
        return float(restored.std())

    @hookimpl
    def register_metrics():
        yield MetricSpec(name="spread", factory=spread, summary="for a test")
"""
REGISTERED = """
        yield PriorSpec(
            name="student", factory=Student, summary="learns a mean", parameters=Bias, learns=True,
            tunable={"bias": (0.1, 0.5)}, restorations_per_job=4,
        )
"""
MEASURED = [
    "seconds",
    "processor_seconds",
    "peak_memory_mb",
    "device_memory_mb",
    "training_seconds",
    "training_processor_seconds",
    "training_device_memory_mb",
]
"""Columns of runs that are measured and never the same twice."""
CONFIGURATION: dict[str, Any] = {
    "experiment": "whole",
    "plugins": {"disable": BUILT_IN_PLUGINS},
    "seed": 3,
    "datasets": {
        name: {"source": "folder", "parameters": {"path": name}}
        for name in ("photos", "more", "lessons")
    },
    "test": ["photos", "more"],
    "train": "lessons",
    "tasks": {
        "run": ["denoise", "inpaint"],
        "settings": {
            "denoise": {"parameters": {"sigma": [15, 25]}},
            "inpaint": {"parameters": {"missing": 50}},
        },
    },
    "priors": {
        "run": ["light", "dark", "student"],
        "settings": {
            "light": {"parameters": {"by": [0.05, 0.1]}},
            "dark": {"parameters": {"by": -0.1}},
            "student": {"tune": True},
        },
    },
    "metrics": ["psnr", "residual", "spread"],
}
ONE, TWO = "one/whole", "two/whole"


def changed(results: str, **places: Any) -> dict[str, Any]:
    """Return the configuration with other values at some places, such as ``priors__run``."""
    data = copy.deepcopy(CONFIGURATION) | {"results": results}
    for place, value in places.items():
        *above, last = place.split("__")
        section = data
        for key in above:
            section = section[key]
        section[last] = value
    return data


@pytest.fixture(autouse=True)
def _images_and_plugins(bench: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    without_workers(monkeypatch)
    prepare(bench)


def prepare(bench: Bench) -> None:
    """Write the images and the plugins."""
    pictures(bench, "abc", "photos")
    pictures(bench, "de", "more")
    pictures(bench, "xyz", "lessons")
    write_plugin(bench)


def write_plugin(bench: Any, change: Callable[[str], str] = str) -> None:
    bench.plugin("mine", change(STUDENT_PLUGIN))
    bench.plugin("measure", change(METRIC))
    # A plugin is imported once in a process.
    for name in ("mine", "measure"):
        sys.modules.pop(f"plugins.{name}", None)


STUDENT_PLUGIN = (
    plugin()
    .replace(
        "    @hookimpl\n    def register_priors():\n",
        f"{STUDENT}\n    @hookimpl\n    def register_priors():{REGISTERED}",
    )
    .replace("restorations_per_job=3", "restorations_per_job=6")
)


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The results of the experiment in one piece; tests copy them."""
    root = tmp_path_factory.mktemp("finished")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(root)
        without_workers(patch)
        bench = Bench(root)
        prepare(bench)
        tabulate(run(bench.plan(**changed("all"))))
    return root / "all"


@pytest.fixture
def whole(finished: Path, bench: Any) -> Plan:
    """The plan of the experiment in one piece, which is finished."""
    shutil.copytree(finished, "all")
    plan: Plan = bench.plan(**changed("all"))
    return plan


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where experiments lie that an earlier test has run."""
    return tmp_path_factory.mktemp("kept")


@pytest.fixture
def make(bench: Any, kept: Path) -> Callable[..., Plan]:
    """Run an experiment of the configuration with changes, or copy what an earlier test has run."""

    def run_with(results: str, **places: Any) -> Plan:
        plan: Plan = bench.plan(**changed(results, **places))
        inputs = sorted([*Path().glob("*/*.png"), *Path("plugins").glob("*.py")])
        contents = [(str(file), file_sha256(file)) for file in inputs]
        finished = kept / fingerprint([results, places, contents])
        if finished.exists():
            shutil.copytree(finished, results)
        else:
            run(plan)
            shutil.copytree(results, finished)
        return plan

    return run_with


def rows(plan: Plan, kind: str) -> pd.DataFrame:
    return read_table(plan.layout.result(kind)).drop(columns=MEASURED, errors="ignore")


CUTS = {
    "priors": ({"priors__run": ["light"]}, {"priors__run": ["dark", "student"]}),
    "priors of which one is in both": (
        {"priors__run": ["light", "student"]},
        {"priors__run": ["dark", "student"]},
    ),
    "a grid of parameters": (
        {"priors__settings__light": {"parameters": {"by": 0.05}}},
        {"priors__run": ["light"], "priors__settings__light": {"parameters": {"by": [0.1]}}},
    ),
    "tasks": ({"tasks__run": ["denoise"]}, {"tasks__run": ["inpaint"]}),
    "a grid of tasks": (
        {"tasks__settings__denoise": {"parameters": {"sigma": 15}}},
        {"tasks__run": ["denoise"], "tasks__settings__denoise": {"parameters": {"sigma": 25}}},
    ),
    "data sets": ({"test": ["photos"]}, {"test": ["more"]}),
    "images": (
        {"datasets__photos__images": ["a"], "datasets__more__limit": 1},
        {"datasets__photos__exclude": ["a"], "datasets__more__images": ["d", "e"]},
    ),
    "jobs": ({}, {"priors__settings__dark__restorations_per_job": 2}),
}


SIMPLE = ("priors", "tasks", "a grid of parameters")
"""Cuts of which another one has all that is difficult."""


@pytest.mark.parametrize(
    "cut",
    [pytest.param(cut, marks=pytest.mark.exhaustive) if cut in SIMPLE else cut for cut in CUTS],
)
def test_the_parts_of_an_experiment_are_the_experiment(
    make: Callable[..., Plan], whole: Plan, cut: str
) -> None:
    parts = [make(name, **places) for name, places in zip(("one", "two"), CUTS[cut], strict=True)]
    done = merge([Path(ONE), Path(TWO)], Path("merged/whole"))
    assert done.folder == Path("merged/whole")
    merged = Plan(load_experiment(done.folder / "config.yaml"))
    assert merged.layout.root == done.folder
    for kind in ("runs", "scores"):
        pd.testing.assert_frame_equal(rows(merged, kind), rows(whole, kind))
    assert done.restorations == len(rows(whole, "runs")) == 3 * 5 * 4
    assert done.repeated == sum(len(rows(part, "runs")) for part in parts) - done.restorations
    # Nothing is damaged, missing or out of date.
    assert list(damages(merged)) == []
    assert list(merged.layout.root.rglob(".*")) == []
    for kind in ("images", "problems", "restored", "scored", "models", "tuned"):
        files = {
            file.relative_to(whole.layout.root) for file in (whole.layout.root / kind).rglob("*")
        }
        assert files == {
            file.relative_to(merged.layout.root) for file in (merged.layout.root / kind).rglob("*")
        }
    tabulate(merged)
    for name in ("psnr", "residual", "paired", "failures"):
        # Priors and tasks stand in the order in which the parts name them.
        tables = [pd.read_csv(plan.layout.table(name, "csv")) for plan in (merged, whole)]
        keys = [key for key in ("dataset", "task", "metric", "prior") if key in tables[0]]
        pd.testing.assert_frame_equal(
            *(table.sort_values(keys, ignore_index=True) for table in tables), check_like=True
        )
    pd.testing.assert_frame_equal(load(done.folder).summary(), load("all/whole").summary())


def test_figures_are_drawn_of_the_whole_and_the_parts_stay_as_they_are(
    make: Callable[..., Plan],
) -> None:
    for name, prior in (("one", "light"), ("two", "dark")):
        make(name, priors__run=[prior], metrics=["psnr"])
    before = {file: file.read_bytes() for file in files_of("one", "two")}
    merge([Path(ONE), Path(TWO)], Path("merged/whole"))
    merged = Plan(load_experiment(Path("merged/whole/config.yaml")))
    tabulate(merged)
    draw(merged)
    assert merged.layout.figure("psnr").exists()
    assert {file: file.read_bytes() for file in files_of("one", "two")} == before
    image = merged.layout.restored(Cell("photos", "denoise-15", "dark--0.1"), "a.png")
    assert image.samefile(Path(TWO) / image.relative_to(merged.layout.root))


def files_of(*folders: str) -> Iterator[Path]:
    return (file for name in folders for file in Path(name).rglob("*") if file.is_file())


def test_logs_are_those_of_the_jobs_that_restored(make: Callable[..., Plan]) -> None:
    plans = [
        make(name, tasks__run=[task], priors__run=["dark"])
        for name, task in (("one", "inpaint"), ("two", "denoise"))
    ]
    for plan in plans:
        for chunk in plan.all_chunks():
            log = plan.layout.log_file("restore", chunk)
            log.parent.mkdir(parents=True, exist_ok=True)
            log.write_text("".join(f"{cell}/{image}\n" for cell, image in chunk.restorations()))
    merge([Path(ONE), Path(TWO)], Path("merged"))
    merged = Plan(load_experiment(Path("merged/config.yaml")))
    for chunk in merged.all_chunks():
        said = merged.layout.log_file("restore", chunk).read_text().splitlines()
        assert {f"{cell}/{image}" for cell, image in chunk.restorations()} <= set(said)


def test_a_part_may_lie_and_be_called_otherwise_than_it_says(make: Callable[..., Plan]) -> None:
    make("one", priors__run=["light"])
    make("two", priors__run=["dark"])
    shutil.move(TWO, "from another machine")
    merge([Path(ONE), Path("from another machine")], Path("both"))
    data = yaml.safe_load(Path("both/config.yaml").read_text())
    assert (data["results"], data["experiment"]) == (".", "both")
    assert set(read_table(Path("both/runs.parquet"))["experiment"]) == {"both"}


REFUSED: dict[str, tuple[dict[str, Any], dict[str, Any], str]] = {
    "seed": ({}, {"seed": 4}, "seed: one/whole has 3, two/whole has 4"),
    "metrics": ({}, {"metrics": ["psnr"]}, "metrics: one/whole has psnr, residual, spread, two"),
    "plugins": ({}, {"plugins": {"strict": True}}, "plugins: one/whole has .*strict=False"),
    "training": (
        {"priors__run": ["student"]},
        {"datasets__lessons__limit": 2, "priors__run": ["student"]},
        "datasets.lessons: priors learn from it, and its images are x, y, z in one/whole, x, y in",
    ),
    "tuning": ({}, {"tuning": {"images": 2}}, r"tuning: one/whole has .*images=8"),
    "crop": ({}, {"datasets__photos__crop": 12}, r"datasets.photos.crop: one/whole has None, two"),
    "a parameter that is not in the id": (
        {},
        {"priors__settings__dark": {"parameters": {"by": -0.1, "rounds": 2}}},
        "the prior dark--0.1 is another one in two/whole: its rounds is 2, in one/whole 1",
    ),
    "a parameter that would be in the id": (
        {"priors__settings__dark": {"parameters": {"by": -0.1, "rounds": 1}}},
        {"priors__settings__dark": {"parameters": {"by": -0.2, "rounds": 2}}},
        "the parameters of the priors are no grid together: the whole would have dark--0.1-rounds1",
    ),
    "tune": (
        {"priors__run": ["student"]},
        {"priors__run": ["student"], "priors__settings__student": {"tune": False}},
        "priors.settings.student.tune: one/whole has True, two/whole has False",
    ),
    "a rectangle that has holes": (
        {"priors__run": ["light"], "tasks__run": ["inpaint"]},
        {"priors__run": ["dark"], "tasks__run": ["denoise"]},
        r"together they also mean 25 restorations that none of them has, "
        r"photos/denoise-15/light-0.05/a.*: run these in one of them first",
    ),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_does_not_belong_together_is_refused(make: Callable[..., Plan], what: str) -> None:
    first, second, reason = REFUSED[what]
    make("one", **{"priors__run": ["light", "dark"]} | first)
    make("two", **{"priors__run": ["dark"]} | second)
    refused(reason)


def refused(reason: str) -> None:
    """Merging is refused and leaves nothing behind."""
    before = set(Path().rglob("*"))
    with pytest.raises(MergeError, match=reason):
        merge([Path(ONE), Path(TWO)], Path("merged"))
    assert {file for file in Path().rglob("*") if "__pycache__" not in file.parts} <= before


def test_other_images_of_one_name_are_refused(make: Callable[..., Plan], bench: Any) -> None:
    make("one", priors__run=["light"])
    bench.image("b", np.zeros((16, 20)))
    make("two", priors__run=["dark"])
    refused("the images of photos are others in one/whole than in two/whole: b has another check")


def edit_json(path: Path, change: Callable[[Any], None]) -> None:
    data = json.loads(path.read_text())
    change(data)
    path.write_text(json.dumps(data))


def test_other_problems_are_refused(make: Callable[..., Plan]) -> None:
    make("one", priors__run=["light"])
    plan = make("two", priors__run=["dark"])

    def change(data: Any) -> None:
        data["images"]["c"]["sha256"] = "0" * 64

    edit_json(plan.layout.problems("photos", "inpaint-50"), change)
    refused("the problems of photos/inpaint-50 are others in one/whole than in two/whole: c has")


def test_other_models_are_refused(make: Callable[..., Plan]) -> None:
    make("one", tasks__run=["denoise"], priors__run=["student"])
    plan = make("two", tasks__run=["inpaint"], priors__run=["student"])
    edit_json(plan.layout.training("student"), lambda data: data.update(sha256="0" * 64))
    refused("the fits of student in one/whole and two/whole gave two models")


def test_other_tunings_are_refused(make: Callable[..., Plan]) -> None:
    make("one", priors__run=["student", "light"])
    plan = make("two", priors__run=["student", "dark"])
    tuned = plan.layout.tuned("denoise-15", "student")
    edit_json(tuned, lambda data: data["parameters"].update(bias=0.7))
    refused("student was tuned for denoise-15 otherwise in two/whole than in one/whole")


@pytest.mark.parametrize(
    ("column", "value", "reason"),
    [
        ("value", 1.5, r"has two scores in spread: 0\.\d+ in one/whole, 1.5 in two/whole"),
        ("value", None, r"has two scores in spread: 0\.\d+ in one/whole, ok in two/whole"),
        ("status", "timeout", "has two scores in spread"),
    ],
)
def test_two_scores_of_one_restoration_are_refused(
    make: Callable[..., Plan], column: str, value: Any, reason: str
) -> None:
    make("one", priors__run=["light", "dark"])
    make("two", priors__run=["dark"])
    edit_table(Path(TWO, "scores.parquet"), column, value, lambda row: row["metric"] == "spread")
    refused(f"more/denoise-15/dark--0.1/d {reason}")


def edit_table(path: Path, column: str, value: Any, chosen: Callable[[Any], bool]) -> None:
    table = pq.read_table(path)
    data = table.to_pylist()
    next(row for row in data if chosen(row))[column] = value
    pq.write_table(type(table).from_pylist(data, schema=table.schema), path)


def test_rounding_of_another_processor_is_no_other_score(make: Callable[..., Plan]) -> None:
    make("one", priors__run=["light", "dark"])
    make("two", priors__run=["dark"])
    path = Path(TWO, "scores.parquet")
    value = pq.read_table(path).to_pylist()[0]["value"]
    edit_table(path, "value", value * (1 + 1e-9), lambda row: True)
    merge([Path(ONE), Path(TWO)], Path("merged"))
    assert read_table(Path("merged/scores.parquet")).query("prior == 'dark--0.1'").iloc[0][
        "value"
    ] == pytest.approx(value, abs=0)


def test_a_restoration_that_ended_otherwise_is_refused(make: Callable[..., Plan]) -> None:
    make("one", priors__run=["light", "dark"])
    make("two", priors__run=["dark"])
    edit_table(Path(TWO, "runs.parquet"), "status", "timeout", lambda row: row["image"] == "d")
    refused("d ended as ok in one/whole and as timeout in two/whole")


@pytest.mark.parametrize(
    ("before", "after", "reason"),
    [
        ("problem.estimate() + self.by", "problem.estimate() - self.by", "was restored by other"),
        ("restored.std()", "restored.mean()", "was scored in spread by other code"),
    ],
)
def test_other_code_is_refused(
    make: Callable[..., Plan], bench: Any, before: str, after: str, reason: str
) -> None:
    make("one", priors__run=["light"])
    write_plugin(bench, lambda source: source.replace(before, after))
    make("two", priors__run=["dark"])
    refused(f"in one/whole {reason}")


def test_rows_that_are_not_those_of_the_configuration_are_refused(
    make: Callable[..., Plan],
) -> None:
    make("one", priors__run=["light"])
    plan = make("two", priors__run=["dark"])
    path = plan.layout.config()
    path.write_text(path.read_text().replace("sigma: [15, 25]", "sigma: [15, 50]"))
    refused("the rows of two/whole are not those of its config.yaml")


def test_what_is_not_finished_or_named_twice_is_refused(make: Callable[..., Plan]) -> None:
    make("one", priors__run=["light"])
    plan = make("two", priors__run=["dark"])
    for folders in ([Path(ONE)], [Path(ONE), Path("one/../one/whole")]):
        with pytest.raises(MergeError, match="at least two experiments, each once"):
            merge(folders, Path("merged"))
    plan.layout.result("scores").unlink()
    refused("two/whole is no finished experiment: it has no scores.parquet")


def test_a_prior_is_not_tested_on_what_it_learned_from_elsewhere(
    make: Callable[..., Plan],
) -> None:
    make("one", priors__run=["student"], test=["photos"])
    make("two", priors__run=["dark"], test=["lessons"])
    with pytest.raises(ConfigError, match="student would be tested on what it learns from"):
        merge([Path(ONE), Path(TWO)], Path("merged"))


def test_nothing_is_written_over_and_nothing_is_left_by_a_failure(
    make: Callable[..., Plan], monkeypatch: pytest.MonkeyPatch
) -> None:
    make("one", priors__run=["light"])
    make("two", priors__run=["dark"])
    Path("there").mkdir()
    Path("lost").symlink_to("nowhere")
    for name in ("there", "lost"):
        with pytest.raises(FileExistsError, match=f"{name} is there already"):
            merge([Path(ONE), Path(TWO)], Path(name))

    def fail(plan: Plan) -> None:
        assert Layout(plan.layout.root).runs(next(plan.all_chunks())).exists()
        raise OSError("no space left on device")

    monkeypatch.setattr(merging, "gather", fail)
    with pytest.raises(OSError, match="no space"):
        merge([Path(ONE), Path(TWO)], Path("new/merged"))
    assert list(Path("new").iterdir()) == []


def test_the_command_says_what_it_did(make: Callable[..., Plan]) -> None:
    make("one", priors__run=["light"])
    make("two", priors__run=["light", "dark"])
    result = CliRunner().invoke(app, ["merge", ONE, TWO, "--into", "merged/both", "--json"])
    assert result.exit_code == 0
    assert json.loads(result.stdout) == {
        "folder": "merged/both",
        "priors": 3,
        "tasks": 3,
        "restorations": 45,
        "repeated": 30,
    }
    result = CliRunner().invoke(app, ["merge", ONE, TWO, "--into", "merged/again"])
    assert "45 restorations of 3 priors on 3 tasks, 30 of them in more than one" in result.stdout
    assert "priorbench tabulate --config merged/again/config.yaml" in result.stdout
