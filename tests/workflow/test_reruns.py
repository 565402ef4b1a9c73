"""What a change makes run again, by real Snakemake on a tiny experiment with images of its own."""

import json
import os
import re
import shutil
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml
from PIL import Image

from priorbench.config import load_experiment
from priorbench.monitor.verify import check
from priorbench.plan import Plan
from priorbench.results.schema import RUNS
from priorbench.store.files import file_sha256
from tests.conftest import BUILT_IN_PLUGINS

RESULTS = Path("results/tiny")
TARGETS = (RESULTS / "tables" / "psnr.md", RESULTS / "studies" / "count.csv")
"""What a test makes again; figures take most of the time and depend on the rows as tables do."""
PLUGIN = """
    from functools import partial

    from priorbench import PriorSpec, StudySpec, hookimpl
    from priorbench.priors import Denoiser


    class Shrink(Denoiser):
        def __init__(self, factor):
            self.factor = factor

        def denoise(self, image, sigma):
            return self.factor * image


    def count(results):
        import pandas as pd
        from matplotlib.figure import Figure

        from priorbench.studies import Findings

        print("the study counts", len(results.scores))
        table = pd.DataFrame({"n": [len(results.scores)], "priors": [len(results.catalogue.priors)]})
        return Findings(table=table, figure=Figure())


    @hookimpl
    def register_priors():
        yield PriorSpec(name="shrink", factory=partial(Shrink, factor=0.5), summary="for a test")
        yield PriorSpec(name="keep", factory=partial(Shrink, factor=1.0), summary="for a test")


    @hookimpl
    def register_studies():
        yield StudySpec(
            name="count", factory=count, priors=("shrink",), metrics=("psnr",), summary="for a test"
        )
"""


def write_image(path: Path, seed: int) -> None:
    pixels = np.random.default_rng(seed).integers(0, 256, size=(24, 24), dtype=np.uint8)
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path)


def make(project: Any) -> None:
    """Run two priors on two images."""
    shutil.rmtree(project.root / "plugins")
    (project.root / "plugins").mkdir()
    (project.root / "plugins" / "own.py").write_text(textwrap.dedent(PLUGIN))
    for number, name in enumerate(("one", "two")):
        write_image(project.root / "photos" / f"{name}.png", number)
    experiment = {
        "experiment": "tiny",
        "plugins": {"disable": BUILT_IN_PLUGINS},
        "datasets": {"photos": {"source": "folder", "parameters": {"path": "photos"}}},
        "test": ["photos"],
        "tasks": {"run": ["denoise"]},
        "metrics": ["psnr"],
    }
    (project.root / "config.yaml").write_text(yaml.safe_dump(experiment))
    project.run("--cores", "2")


@pytest.fixture
def again(share: Callable[[str, Callable[[Any], None]], Any], tmp_path: Path) -> Any:
    """A copy of the finished project."""
    finished = share("reruns", make)
    root = tmp_path / "again"
    shutil.copytree(finished.root, root)
    return type(finished)(root)


def jobs(project: Any) -> set[str]:
    """Return the rules of the jobs that Snakemake would run."""
    result = project.run("--cores", "1", "--dry-run")
    said = result.stdout + result.stderr
    listed = set(re.findall(r"^(\w+) +\d+$", said, re.MULTILINE)) - {"total", "all"}
    assert listed or "Nothing to be done" in said
    return listed


def priorbench(project: Any, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "priorbench", *arguments],
        cwd=project.root,
        env=os.environ,
        capture_output=True,
        text=True,
    )


def edit(file: Path, old: str, new: str) -> None:
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))


def psnr(project: Any, prior: str) -> float:
    scores = pd.read_parquet(project.root / RESULTS / "scores.parquet")
    return float(scores[scores["prior"] == prior]["value"].mean())


def test_nothing_is_done_again_without_a_reason(again: Any) -> None:
    assert jobs(again) == set()
    verified = priorbench(again, "verify")
    assert verified.returncode == 0, verified.stdout
    assert "all whole and up to date" in verified.stdout


def test_an_argument_of_a_factory_that_is_edited_computes_again(again: Any) -> None:
    log = again.root / RESULTS / "logs" / "study" / "count.log"
    log.write_text("")
    before, kept = psnr(again, "shrink"), psnr(again, "keep")
    edit(again.root / "plugins" / "own.py", "factor=0.5", "factor=0.9")
    status = priorbench(again, "status").stdout
    assert "2 of them are out of date" in status and "(shrink)" in status
    verified = priorbench(again, "verify")
    assert verified.returncode == 1
    assert "shrink/0.jsonl: out of date" in verified.stdout and "keep" not in verified.stdout
    again.run("--cores", "2", *TARGETS)
    assert psnr(again, "shrink") > before + 3
    assert psnr(again, "keep") == kept
    assert priorbench(again, "verify").returncode == 0
    assert "the study counts" in log.read_text()


def test_an_image_that_is_replaced_by_an_older_one_computes_all_of_it_again(again: Any) -> None:
    other = again.root / "other.png"
    write_image(other, 7)
    os.utime(other, (1e9, 1e9))
    shutil.copy2(other, again.root / "photos" / "one.png")
    verified = priorbench(again, "verify").stdout
    assert "out of date: made from another version of photos/one.png" in verified
    assert {"prepare", "corrupt", "restore", "score", "tabulate"} <= jobs(again)
    again.run("--cores", "2", RESULTS / "images/photos/manifest.json")
    manifest = json.loads((again.root / RESULTS / "images/photos/manifest.json").read_text())
    assert manifest["about"]["sources"]["photos/one.png"] == file_sha256(other)
    assert "prepare" not in jobs(again)


LOST = (
    "restored/photos/denoise-25/shrink/one.png",
    "restored/photos/denoise-25/keep",
    "runs/photos/shrink",
    "scores/photos/shrink",
    "problems/photos/denoise-25/one.npz",
    "images/photos/two.png",
    "scores.parquet",
)
"""What is deleted of a finished experiment."""


def test_deleted_files_of_a_finished_prior_are_noticed_and_made_again(
    again: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(again.root)
    plan = Plan(load_experiment(Path("config.yaml")))
    for lost in LOST:
        path = RESULTS / lost
        path.rename(tmp_path / "lost")
        found = [file.path for file in check(plan) if file.reason]
        (tmp_path / "lost").rename(path)
        assert found and all(file == path or path in file.parents for file in found), lost
    for lost in LOST:
        path = RESULTS / lost
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    everything = {"prepare", "corrupt", "restore", "score", "gather", "tabulate"}
    assert everything <= jobs(again)
    again.run("--cores", "2", *TARGETS)
    assert all((RESULTS / lost).exists() for lost in LOST)
    # Nothing but what shows them is left to do.
    assert jobs(again) == {"draw", "site"}


def test_rows_that_are_out_of_date_are_noticed_where_snakemake_remembers_nothing(
    again: Any,
) -> None:
    shutil.rmtree(again.root / ".snakemake")
    edit(again.root / "plugins" / "own.py", "factor=0.5", "factor=0.9")
    assert jobs(again) == set()
    priorbench(again, "tabulate")
    table = (again.root / RESULTS / "tables" / "psnr.md").read_text()
    assert "Out of date: restorations (shrink on denoise-25)" in table
    summary = priorbench(again, "summary").stdout
    assert "Out of date: restorations (shrink on denoise-25)" in summary
    assert priorbench(again, "verify", "--repair").returncode == 0
    assert {"restore", "score", "gather", "tabulate"} <= jobs(again)


MEDIAN = """
    from priorbench import PriorSpec, hookimpl
    from priorbench.priors import Denoiser


    class Median(Denoiser):
        def denoise(self, image, sigma):
            return image


    @hookimpl
    def register_priors():
        yield PriorSpec(name="median", label="Median", factory=Median, summary="for a test")
"""


def test_a_new_prior_or_label_or_metric_runs_no_study_again(again: Any) -> None:
    log = again.root / RESULTS / "logs" / "study" / "count.log"
    assert "the study counts" in log.read_text()
    own = again.root / "plugins" / "own.py"
    edit(own, 'name="keep"', 'name="keep", label="Kept"')
    assert jobs(again) == {"tabulate", "draw", "site"}
    (again.root / "plugins" / "median.py").write_text(textwrap.dedent(MEDIAN))
    assert jobs(again) == {"restore", "score", "gather", "tabulate", "draw", "site"}
    # Another metric scores everything again; the study's own scores stay as they were.
    edit(again.root / "config.yaml", "- psnr", "- psnr\n- rmse")
    again.run("--cores", "2", *TARGETS)
    assert "up to date" in log.read_text() and "the study counts" not in log.read_text()
    assert pd.read_csv(again.root / RESULTS / "studies" / "count.csv")["n"].tolist() == [2]
    assert "Kept" in (again.root / RESULTS / "tables" / "psnr.md").read_text()


def test_a_table_that_mixes_environments_says_so(again: Any) -> None:
    folder = again.root / RESULTS / "environment"
    (record,) = folder.glob("*.json")
    other = json.loads(record.read_text())
    other["packages"]["torch"] = "1.2.3"
    other["packages"]["brought-along"] = "9"
    (folder / "another.json").write_text(json.dumps(other))
    file = again.root / RESULTS / "runs.parquet"
    runs = pd.read_parquet(file)
    runs.loc[runs["prior"] == "keep", "environment"] = "another"
    table = pa.Table.from_pandas(runs, schema=RUNS.schema, preserve_index=False)
    pq.write_table(table, file)
    made = priorbench(again, "tabulate")
    assert made.returncode == 0, made.stderr
    table = (again.root / RESULTS / "tables" / "psnr.md").read_text()
    assert "Mixed environments: rows of this table were computed with torch 1.2.3, 2." in table
    assert "brought-along" not in table
