"""``priorbench plugins try``, in processes as its user has them."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from typer.testing import CliRunner

from priorbench.cli import app
from priorbench.results.statistics import mean_interval

ROOT = Path(__file__).parents[2]
FAILING = """
    from priorbench import PriorSpec, SolverSettings, hookimpl
    from priorbench.priors import Prior, Restoration

    class Failing(Prior):
        def restore(self, problem, context):
            if problem.y.mean() < 0.47:
                raise RuntimeError("too dark to see")
            return Restoration(problem.estimate())

    @hookimpl
    def register_priors():
        yield PriorSpec(
            name="failing", factory=Failing, summary="for a test", solver=SolverSettings(),
            tasks=("denoise*",),
        )
"""


def try_(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "priorbench", "plugins", "try", *arguments],
        cwd=folder,
        env=os.environ | {"COLUMNS": "200"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )


def row_of(table: str, label: str) -> list[str]:
    """The cells of a row of the table, behind its label."""
    [line] = [line.strip() for line in table.splitlines() if line.strip().startswith(f"{label} ")]
    return line.removeprefix(label).split()


@pytest.mark.exhaustive
def test_a_prior_is_compared_by_the_scores_of_an_experiment(project: Any) -> None:
    shutil.copytree(ROOT / "docs" / "examples" / "median", project.root / "plugins" / "median")
    arguments = ["median", "--images", "3", "--task", "denoise", "--task", "inpaint"]
    result = try_(project.root, *arguments)
    assert result.returncode == 0, result.stderr
    folder = project.root / "results" / "try-median"
    scores = pd.read_parquet(folder / "scores.parquet")
    psnr = scores.pivot(index="image", columns=["task", "prior"], values="value")
    labels = {
        "observed": "observation, interpolated",
        "nlm": "non-local means",
        "gmm-K10": "GMM K=10",
        "median": "median",
    }
    tasks = ["denoise-25", "inpaint-50"]
    for prior, label in labels.items():
        assert row_of(result.stdout, label)[:2] == [
            f"{psnr[task, prior].mean():.2f}" for task in tasks
        ]
    gains = row_of(result.stdout, "against the best of the others")
    for task, gain, half in zip(tasks, gains[0::3], gains[2::3], strict=True):
        means: pd.Series = psnr[task].drop(columns="median").mean()
        best = means.idxmax()
        difference = psnr[task, "median"] - psnr[task, best]
        low, high = mean_interval(difference.to_numpy())
        assert (gain, half) == (f"{difference.mean():+.2f}", f"{(high - low) / 2:.2f}")
    assert (
        "chosen on 3 training images of 64 × 64 pixels; an experiment takes 8 of 128"
        in result.stdout
    )
    with Image.open(folder / "pictures.png") as pictures:
        # Two rows of a clean, a corrupted and four restored pictures, each three times as large.
        assert pictures.width > 6 * 3 * 112 and pictures.height > 2 * 3 * 112

    # The same experiment by Snakemake, from the start and in another folder.
    config = folder / "config.yaml"
    target, changes = "results/again/scores.parquet", "experiment=again"
    project.run(target, "--cores", "2", "--configfile", config, "--config", changes)
    again = pd.read_parquet(project.root / target)
    key = ["image", "task", "prior"]
    assert again.set_index(key)["value"].to_dict() == scores.set_index(key)["value"].to_dict()

    # A second trial finds all restorations done.
    restored = {path: path.stat().st_mtime_ns for path in folder.rglob("restored/**/*.png")}
    assert restored
    second = try_(project.root, *arguments)
    assert row_of(second.stdout, "median") == row_of(result.stdout, "median")
    assert restored == {path: path.stat().st_mtime_ns for path in folder.rglob("restored/**/*.png")}


@pytest.mark.slow
def test_what_a_prior_fails_on_is_told_with_its_reason(bench: Any) -> None:
    bench.plugin("failing", FAILING)
    result = try_(
        bench.root, "failing", "--images", "2", "--task", "denoise", "--output", "here/it"
    )
    assert result.returncode == 0, result.stderr
    means = {
        row.image: row.value
        for row in pd.read_parquet("here/it/scores.parquet")
        .query("prior == 'failing'")
        .itertuples()
    }
    assert np.isnan(list(means.values())).sum() == 1
    assert "failed on 1 of 2 images: RuntimeError: too dark to see" in result.stdout
    assert Path("here/it/pictures.png").is_file()


def refused(*arguments: str) -> str:
    """What is said of a trial that can't begin."""
    result = CliRunner().invoke(app, ["plugins", "try", *arguments])
    assert isinstance(result.exception, ValueError), result.output
    return str(result.exception)


def test_nothing_is_computed_for_a_prior_that_cannot_be_used(bench: Any) -> None:
    bench.plugin("wanting", FAILING.replace("def restore", "def restoer"))
    assert "its class Failing lacks restore" in refused("failing")
    assert not Path("results").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--set", "iterations"], "--set iterations: write name=value, for example"),
        (["--set", "iterations=3"], "unknown key 'iterations'"),
        (
            ["--task", "deblur"],
            "failing can do none of the tasks deblur-shake1-2.55; its declaration says tasks=('denoise*',)",
        ),
    ],
)
def test_wrong_options_are_one_message(bench: Any, arguments: list[str], message: str) -> None:
    bench.plugin("failing", FAILING)
    assert message in refused("failing", *arguments)
