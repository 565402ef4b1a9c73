"""The whole workflow, by real Snakemake, on config/smoke.yaml with plugins that misbehave."""

import csv
import os
import re
import shutil
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml

ROOT = Path(__file__).parents[2]
HERE = Path(__file__).parent
RESULTS = Path("results/smoke")
BAD = {
    "raising": "raise RuntimeError('the licence has expired')",
    "hanging": "time.sleep(600)",
    "diverging": "return Restoration(problem.y * float('nan'))",
}
PLUGIN = """
    import time

    from priorbench import PriorSpec, hookimpl


    @hookimpl
    def register_priors():
        yield PriorSpec(name="{name}", factory=".model:Model", summary="for a test", tasks=("denoise*",))
"""
MODEL = """
    import time

    from priorbench.priors import Prior, Restoration


    class Model(Prior):
        def restore(self, problem, context):
            {body}
"""


def add_plugin(project: Any, name: str, body: str) -> None:
    folder = project.root / "plugins" / name
    folder.mkdir()
    (folder / "plugin.py").write_text(textwrap.dedent(PLUGIN).format(name=name))
    (folder / "model.py").write_text(textwrap.dedent(MODEL).format(body=body))
    (folder / "README.md").write_text("for a test\n")


def smoke_configuration() -> dict[str, Any]:
    """Return config/smoke.yaml with a time limit for what hangs, with one network that learns
    instead of three.
    """
    data = yaml.safe_load((ROOT / "config" / "smoke.yaml").read_text())
    data["priors"]["skip"] += ["dncnn", "vae-patch"]
    data["priors"]["settings"]["hanging"] = {"resources": {"minutes": 0.03}}
    return data


def make_smoke(project: Any) -> None:
    """Run the experiment, with plugins that misbehave and a package that pip installed."""
    # pip builds in the source's own folder, and a test must not write into the repository.
    shutil.copytree(HERE / "third_party", project.root / "third_party")
    command = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--no-index",
        "--no-deps",
        "--no-build-isolation",
    ]
    subprocess.run(
        [*command, "--target", project.root / "site", project.root / "third_party"], check=True
    )
    for name, body in BAD.items():
        add_plugin(project, name, body)
    add_plugin(project, "broken", "return None")
    (project.root / "plugins" / "broken" / "plugin.py").write_text("import no_such_package\n")
    (project.root / "smoke.yaml").write_text(yaml.safe_dump(smoke_configuration()))
    result = snakemake(project, "--cores", "2")
    (project.root / "output.txt").write_text(result.stdout + result.stderr)


def snakemake(project: Any, *arguments: str) -> subprocess.CompletedProcess[str]:
    result: subprocess.CompletedProcess[str] = project.run(
        "--configfile",
        "smoke.yaml",
        *arguments,
        PYTHONPATH=python_path(project),
    )
    return result


def python_path(project: Any) -> str:
    """Return where Python looks for packages: first where pip installed the third-party one."""
    given = os.environ.get("PYTHONPATH")
    return os.pathsep.join([str(project.root / "site"), *([given] if given else [])])


@pytest.fixture(scope="session")
def finished(share: Callable[[str, Callable[[Any], None]], Any]) -> Any:
    """The project after the run. Tests only read it."""
    return share("smoke", make_smoke)


@pytest.fixture
def again(finished: Any, tmp_path: Path) -> Any:
    """A copy of the finished project, for a test that changes something and runs it again."""
    root = tmp_path / "again"
    shutil.copytree(finished.root, root)
    return type(finished)(root)


def waiting(project: Any) -> set[tuple[str, str]]:
    """Return (rule, output) of all that Snakemake would make again."""
    rows = csv.DictReader(snakemake(project, "--summary").stdout.splitlines(), delimiter="\t")
    return {
        (row["rule"], str(Path(row["output_file"]).relative_to(RESULTS)))
        for row in rows
        if row["plan"] != "no update"
    }


def cells(made: set[tuple[str, str]], rule: str) -> set[str]:
    return {output for name, output in made if name == rule}


def test_every_restoration_has_a_row_and_failures_have_their_reason(finished: Any) -> None:
    runs = pd.read_parquet(finished.root / RESULTS / "runs.parquet")
    ended = runs.groupby(["prior", "task"])["status"].agg(lambda values: set(values)).to_dict()
    sound = [
        (prior, task)
        for prior in (
            *("observed", "tv", "gmm-K1", "gmm-K4"),
            *("gmm-dead-leaves-K4", "dip", "vae", "mean"),
        )
        for task in ("denoise-25", "inpaint-50")
    ]
    assert ended == {key: {"ok"} for key in sound} | {
        ("raising", "denoise-25"): {"failed"},
        ("hanging", "denoise-25"): {"timeout"},
        ("diverging", "denoise-25"): {"diverged"},
    }
    assert (runs.groupby(["prior", "task"]).size() == 2).all()
    reasons = runs.set_index("prior")["reason"]
    assert (reasons["raising"] == "RuntimeError: the licence has expired").all()
    assert reasons["hanging"].str.contains("time limit of 1.8 s").all()
    assert reasons["diverging"].str.contains("NaN").all()
    assert runs.set_index("prior").loc["raising", "traceback"].str.contains("model.py").all()
    measured = runs.loc[runs["status"] == "ok", ["seconds", "processor_seconds", "peak_memory_mb"]]
    assert (measured > 0).all(axis=None)


def test_scores_hold_a_value_exactly_where_a_restoration_succeeded(finished: Any) -> None:
    scores = pd.read_parquet(finished.root / RESULTS / "scores.parquet")
    measured = scores[scores["source"] == "measured"]
    assert set(measured["metric"]) == {"psnr", "ssim"}
    assert (measured["value"].notna() == (measured["status"] == "ok")).all()
    mean = measured[measured["metric"] == "psnr"].pivot_table(
        index="task", columns="prior", values="value"
    )
    assert (mean["gmm-K4"] > mean["observed"]).all()


def test_tables_show_the_failures(finished: Any) -> None:
    tables = finished.root / RESULTS / "tables"
    failures = (tables / "failures.md").read_text()
    for name in BAD:
        assert name in failures
    assert "the licence has expired" in failures
    for name in ("psnr", "ssim", "cost", "failures"):
        for suffix in ("csv", "md", "tex"):
            assert (tables / f"{name}.{suffix}").stat().st_size
    psnr = (tables / "psnr.md").read_text()
    assert "mean" in psnr
    assert "raising" in psnr


def test_figures_studies_and_records_are_there(finished: Any) -> None:
    results = finished.root / RESULTS
    for name in ("psnr", "ssim", "gallery-small-denoise-25", "gallery-small-inpaint-50"):
        for suffix in ("svg", "png"):
            assert (results / "figures" / f"{name}.{suffix}").stat().st_size
    for study in ("gmm-sweep",):
        for suffix in ("svg", "png", "csv", "json"):
            assert (results / "studies" / f"{study}.{suffix}").stat().st_size
        page = (results / "studies" / f"{study}.md").read_text()
        assert "## Claims" in page
        assert "| holds |" in page or "| does not hold |" in page or "| not decided |" in page
    claims = pd.read_csv(results / "tables" / "claims.csv")
    assert set(claims["study"]) == {"gmm-sweep"} and claims["statement"].is_unique
    output = " ".join((finished.root / "output.txt").read_text().split())
    assert "number and 95 % interval" in output
    environments = {path.stem for path in (results / "environment").glob("*.json")}
    assert set(pd.read_parquet(results / "runs.parquet")["environment"]) <= environments
    assert pd.read_csv(results / "models" / "gmm-K4" / "training.csv").shape[0] >= 1


def test_a_broken_plugin_is_reported_with_what_to_do(finished: Any) -> None:
    output = (finished.root / "output.txt").read_text()
    assert "plugin 'broken' (plugins/broken/plugin.py) is left out" in output
    assert "No module named 'no_such_package'" in output
    assert "plugins.disable" in output


def test_every_job_has_a_log(finished: Any) -> None:
    rows = list(
        csv.DictReader(
            snakemake(finished, "--detailed-summary").stdout.splitlines(), delimiter="\t"
        )
    )
    assert rows
    for row in rows:
        logs = [name for name in row["log-file(s)"].split(",") if name]
        assert logs, row["rule"]
        assert all((finished.root / log).exists() for log in logs)


@pytest.fixture(scope="module")
def inputs(finished: Any) -> dict[str, set[str]]:
    """The input files of all jobs, by their rules."""
    table = snakemake(finished, "--detailed-summary").stdout.splitlines()
    found: dict[str, set[str]] = {}
    for row in csv.DictReader(table, delimiter="\t"):
        found.setdefault(row["rule"], set()).update(row["input-file(s)"].split(","))
    return found


def test_a_study_waits_for_the_test_images(inputs: dict[str, set[str]]) -> None:
    # Also for those that no job of its priors has needed.
    assert {f"{RESULTS}/images/small/manifest.json"} <= inputs["study"]


def test_restoring_has_no_clean_image_as_input_and_needs_none(
    again: Any, inputs: dict[str, set[str]]
) -> None:
    assert any("problems" in name for name in inputs["restore"])
    assert not [name for name in inputs["restore"] if "/images/" in name]
    results = again.root / RESULTS
    shutil.rmtree(results / "images" / "small")
    shutil.rmtree(results / "restored")
    command = ["restore-chunk", "--dataset", "small", "--prior", "tv", "--config"]
    subprocess.run(
        [sys.executable, "-m", "priorbench", *command, RESULTS / "config.yaml"],
        cwd=again.root, env=os.environ | {"PYTHONPATH": python_path(again)}, check=True, capture_output=True,
    )  # fmt: skip
    for task in ("denoise-25", "inpaint-50"):
        restored = results / "restored" / "small" / task / "tv"
        assert {path.name for path in restored.glob("*.png")} == {"camera.png", "astronaut.png"}


def test_a_second_run_does_nothing(finished: Any) -> None:
    result = snakemake(finished, "--cores", "1", "--dry-run")
    assert "Nothing to be done" in result.stdout + result.stderr


def test_tables_of_what_is_finished_have_nothing_computed(finished: Any) -> None:
    result = snakemake(finished, "--cores", "1", "--dry-run", "tabulate_partial")
    jobs = re.findall(r"^(\w+) +\d+$", result.stdout + result.stderr, re.MULTILINE)
    assert set(jobs) == {"tabulate_partial", "total"}


def test_what_changes_no_result_runs_nothing_again(again: Any) -> None:
    (again.root / "plugins" / "gmm" / "README.md").write_text("described anew\n")
    (again.root / "plugins" / "raising" / "README.md").write_text("described anew\n")
    model = again.root / "plugins" / "observed" / "model.py"
    model.write_text(model.read_text() + "\n# a remark\n")
    assert waiting(again) == set()


def test_a_new_plugin_runs_its_own_cells_and_what_shows_them(again: Any) -> None:
    add_plugin(again, "new", "return Restoration(problem.y)")
    made = waiting(again)
    assert cells(made, "restore") == {"runs/small/new/0.jsonl"}
    assert cells(made, "score") == {"scores/small/new/0.jsonl"}
    assert {rule for rule, _ in made} == {
        *("restore", "score", "gather", "tabulate", "draw", "site"),
    }


def test_edited_code_runs_exactly_its_cells(again: Any) -> None:
    model = again.root / "plugins" / "raising" / "model.py"
    model.write_text(model.read_text().replace("expired", "run out"))
    made = waiting(again)
    assert cells(made, "restore") == {"runs/small/raising/0.jsonl"}
    assert cells(made, "score") == {"scores/small/raising/0.jsonl"}
    assert {rule for rule, _ in made} & {"prepare", "corrupt", "train"} == set()


def test_a_tuned_prior_is_tuned_for_each_task_before_it_restores(project: Any) -> None:
    data = smoke_configuration()
    data["priors"] = {"run": ["observed", "nlm"], "settings": {"nlm": {"tune": True}}}
    data["tasks"] = {"run": ["denoise", "inpaint"]}
    (project.root / "smoke.yaml").write_text(yaml.safe_dump(data))
    planned = project.run(
        "--configfile", "smoke.yaml", "--cores", "1", "--dry-run", "--quiet", "host"
    ).stdout
    tunings = {
        job.partition("output: ")[2].split()[0]: job.partition("output:")[0]
        for job in planned.split("rule tune:")[1:]
    }
    targets = ("solver-missing", "denoise-25", "inpaint-50")
    solver, denoise, inpaint = (f"{RESULTS}/tuned/{target}/nlm.json" for target in targets)
    assert set(tunings) == {solver, denoise, inpaint}
    for inputs in tunings.values():
        assert f"{RESULTS}/images/training/manifest.json" in inputs and "small" not in inputs
    # Parameters are tuned with the solver that was chosen before.
    assert [output for output, inputs in tunings.items() if solver in inputs] == [inpaint]
    restored = [job.partition("output:")[0] for job in planned.split("rule restore:")[1:]]
    # One job of each prior, which waits for the tunings of all its tasks.
    assert sorted(sum(file in job for file in tunings) for job in restored) == [0, 3]


def test_a_wrong_configuration_is_one_message_before_any_job(again: Any) -> None:
    data = smoke_configuration()
    data["priors"]["run"] = ["gmmm"]
    (again.root / "smoke.yaml").write_text(yaml.safe_dump(data))
    result = again.run("--configfile", "smoke.yaml", "--cores", "1", check=False)
    assert result.returncode
    assert "unknown prior 'gmmm'; did you mean 'gmm'" in result.stderr
    assert "Traceback" not in result.stderr
