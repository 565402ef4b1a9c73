"""The installed library in folders of its own, far from the checkout."""

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import tarfile
import textwrap
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from tests.wheel.conftest import Installed, environment

ROOT = Path(__file__).parents[2]
TINY = {
    "experiment": "tiny",
    "datasets": {"photos": {"source": "scikit-image", "images": ["camera"], "max_size": 48}},
    "test": ["photos"],
    "tasks": {"run": ["denoise"]},
    "priors": {"run": ["observed", "mine"]},
    "metrics": ["psnr"],
    "studies": [],
}
"""An experiment of seconds, with a prior that the folder itself holds."""
MINE = """
    from priorbench import PriorSpec, hookimpl

    PRIORBENCH_API_VERSION = 1


    @hookimpl
    def register_priors():
        yield PriorSpec(name="mine", factory=".model:Mine", summary="for a test")
"""
MODEL = """
    from plugins.transforms.dct import SlidingDct


    class Mine(SlidingDct):
        def __init__(self):
            super().__init__(size=8, threshold=2.7)
"""
FINGERPRINTS = """
import json, sys
from pathlib import Path

import priorbench
from priorbench.config import PluginsSection, load_experiment
from priorbench.plan import Plan
from priorbench.plan.code import Code
from priorbench.plugins.manager import load_configured

plan = Plan(load_experiment(Path("config.yaml")))
found = plan.fingerprints
# A study may import from a plugin that is left out.
partly = load_configured(PluginsSection(disable=["dip"]), strict=True)
values = {
    "images": [found.images(name) for name in plan.datasets],
    "training": [found.training(prior) for prior in plan.learners],
    "runs": {str(chunk): found.runs(chunk) for chunk in plan.all_chunks()},
    "scores": {str(chunk): found.scores(chunk) for chunk in plan.all_chunks()},
    "tunings": [
        found.tuning(target, prior)
        for prior in plan.priors
        for target in plan.tunings.of_prior(prior)
    ],
    "studies": {name: found.study(name) for name in plan.studies},
    "shown": [found.shown(stage) for stage in ("tabulate", "draw", "site")],
    "page": [found.catalogued(), found.site()],
    "partly": {
        name: Code(partly.plugins).spec(entry)
        for kind in (partly.priors, partly.tasks, partly.studies)
        for name, entry in kind.items()
    },
}
print(json.dumps({"library": priorbench.__file__, "values": values}))
"""


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(textwrap.dedent(text))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a tiny experiment and a prior of its own."""
    (tmp_path / "config.yaml").write_text(yaml.safe_dump(TINY))
    write(tmp_path / "plugins" / "mine" / "plugin.py", MINE)
    write(tmp_path / "plugins" / "mine" / "model.py", MODEL)
    return tmp_path


def jobs(dry_run: str) -> dict[str, int]:
    """Return how often each rule is to run, from what a dry run prints."""
    rows = re.findall(r"^(\w+) +(\d+)$", dry_run, re.MULTILINE)
    return {rule: int(count) for rule, count in rows}


def test_the_wheel_carries_what_the_checkout_has_and_nothing_else(installed: Installed) -> None:
    def kept(name: str) -> bool:
        return "__pycache__" not in name

    with zipfile.ZipFile(installed.wheel) as wheel:
        shipped = {
            name.removeprefix("priorbench/shipped/"): wheel.read(name)
            for name in wheel.namelist()
            if name.startswith("priorbench/shipped/")
        }
    folders = ("plugins", "workflow", "config", "profiles")
    files = [path for name in folders for path in (installed.tree / name).rglob("*")]
    expected = {
        path.relative_to(installed.tree).as_posix(): path.read_bytes()
        for path in [*files, installed.tree / "config.yaml"]
        if path.is_file()
    }
    library = {name for name in shipped if name not in expected}
    assert library == {"__init__.py", "templates/Snakefile"}
    assert {name: shipped[name] for name in expected if kept(name)} == {
        name: content for name, content in expected.items() if kept(name)
    }


def test_the_sdist_builds_the_same_wheel(
    built: tuple[Path, Path], build_from: Callable[[Path, Path, str], None], tmp_path: Path
) -> None:
    _, out = built
    [source], [wheel] = out.glob("*.tar.gz"), out.glob("*.whl")
    with tarfile.open(source) as archive:
        archive.extractall(tmp_path / "tree", filter="data")
    [tree] = (tmp_path / "tree").iterdir()
    build_from(tree, tmp_path / "dist", "wheel")
    [again] = (tmp_path / "dist").iterdir()
    assert again.name == wheel.name
    assert again.read_bytes() == wheel.read_bytes()


def test_every_built_in_plugin_is_there_in_an_empty_folder(
    installed: Installed, tmp_path: Path
) -> None:
    def listed(run: subprocess.CompletedProcess[str]) -> dict[tuple[str, str], str]:
        found = json.loads(run.stdout)
        assert not found["broken"] and not found["problems"]
        return {(each["kind"], each["name"]): each["origin"] for each in found["specs"]}

    there = listed(installed.run("priorbench", "plugins", "list", "--json", cwd=tmp_path))
    checkout = subprocess.run(
        [sys.executable, "-m", "priorbench", "plugins", "list", "--json"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert there == listed(checkout)
    assert set(there.values()) == {"built-in"}
    shown = installed.run("priorbench", "plugins", "show", "gmm", cwd=tmp_path).stdout
    assert "built-in" in shown
    assert str(installed.bin.parent) in shown


def test_results_do_not_depend_on_where_the_library_lies(
    installed: Installed, tmp_path: Path
) -> None:
    installed.run("priorbench", "init", cwd=tmp_path)
    there = json.loads(installed.run("python", "-c", FINGERPRINTS, cwd=tmp_path).stdout)
    here = subprocess.run(
        [sys.executable, "-c", FINGERPRINTS], cwd=ROOT, capture_output=True, text=True, check=True
    )
    checkout = json.loads(here.stdout)
    assert there["library"] != checkout["library"]
    assert str(installed.bin.parent) in there["library"]
    assert there["values"] == checkout["values"]


def test_init_and_run_plan_the_jobs_of_the_checkout(installed: Installed, tmp_path: Path) -> None:
    made = installed.run("priorbench", "init", "mine", cwd=tmp_path).stdout
    assert "cd mine && priorbench run" in made
    planned = installed.run(
        "priorbench", "run", "--cores", "2", "-n", "--quiet", "all", cwd=tmp_path / "mine"
    )
    checkout = subprocess.run(
        [sys.executable, "-m", "snakemake", "-n", "--quiet", "all"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    fresh = jobs(planned.stdout + planned.stderr)
    assert fresh["total"] > 20
    # What has been run in the checkout is not planned again; the rules are those of the wheel.
    assert set(jobs(checkout.stdout + checkout.stderr)) <= set(fresh)


def test_an_experiment_runs_to_its_end_and_is_finished_then(
    installed: Installed, folder: Path
) -> None:
    installed.run("priorbench", "run", "--cores", "2", cwd=folder)
    results = folder / "results" / "tiny"
    assert (results / "site" / "index.html").is_file()
    table = (results / "tables" / "psnr.csv").read_text()
    assert "mine" in table and "observed" in table
    again = installed.run("priorbench", "run", cwd=folder)
    assert "Nothing to be done" in again.stdout + again.stderr
    checked = installed.run("priorbench", "verify", cwd=folder).stdout
    assert "all whole and up to date" in checked
    # Nothing of where the library lies is in what is compared.
    for path in results.rglob("*.json"):
        assert str(installed.bin.parent) not in path.read_text() or path.name == "environment.json"


OUTER = """
    {imports}


    module priorbench:
        snakefile:
            {snakefile}
        config:
            config["restoration"]


    use rule * from priorbench as priorbench_*


    rule count:
        default_target: True
        input:
            {wanted},
        output:
            "count.txt",
        shell:
            "wc -l results/tiny/tables/psnr.csv > {{output}}"


    rule size:
        input:
            {wanted},
        output:
            "size.txt",
        shell:
            "du -s results/tiny > {{output}}"
"""
SHIPPED = {
    "imports": "from priorbench.shipped import snakefile",
    "snakefile": "snakefile()",
    "wanted": "rules.priorbench_all.input",
}
GITHUB = {
    "imports": "",
    "snakefile": 'github("someone/priorbench", path="workflow/Snakefile", tag="v1")',
    "wanted": "rules.priorbench_tabulate.output",
}


def test_another_workflow_imports_the_workflow_as_a_module(
    installed: Installed, folder: Path
) -> None:
    (folder / "config.yaml").unlink()
    (folder / "outer.yaml").write_text(yaml.safe_dump({"restoration": TINY, "other": 3}))
    write(folder / "Snakefile", OUTER.format(**SHIPPED))
    called = ["--configfile", "outer.yaml", "--cores", "2"]
    planned = installed.run("snakemake", "-n", *called, "count.txt", "size.txt", cwd=folder)
    rules = jobs(planned.stdout)
    assert (rules["priorbench_restore"], rules["count"], rules["size"]) == (2, 1, 1)
    assert not (folder / "results").exists()
    # A first step of it; the Snakefile of `init` is such a workflow, too, and runs below.
    problems = "results/tiny/problems/photos/denoise-25/manifest.json"
    installed.run("priorbench", "run", *called, problems, cwd=folder)
    assert (folder / problems).is_file()
    again = installed.run("priorbench", "run", *called, problems, cwd=folder)
    assert "Nothing to be done" in again.stdout + again.stderr


@pytest.mark.exhaustive
def test_another_workflow_imports_it_from_a_repository(
    installed: Installed, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Git goes to a repository on this machine wherever GitHub is asked for.
    origin = folder / "github" / "someone" / "priorbench"
    origin.mkdir(parents=True)
    git = ["git", "-C", str(origin), "-c", "user.name=a", "-c", "user.email=a@b.c"]
    tree = ["--work-tree", str(installed.tree)]
    subprocess.run([*git, "init", "-q"], check=True)
    subprocess.run([*git, *tree, "add", "--all"], check=True)
    subprocess.run([*git, *tree, "commit", "-q", "-m", "a version"], check=True)
    subprocess.run([*git, "tag", "v1"], check=True)
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("GIT_CONFIG_KEY_0", f"url.file://{folder}/github/.insteadOf")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", "https://github.com/")
    (folder / "outer.yaml").write_text(yaml.safe_dump({"restoration": TINY}))
    write(folder / "Snakefile", OUTER.format(**GITHUB))
    called = ["--configfile", "outer.yaml", "--cores", "2"]
    installed.run("priorbench", "run", *called, cwd=folder)
    assert (folder / "count.txt").is_file()
    installed.run("priorbench", "run", *called, "--report", "report.html", cwd=folder)
    assert "psnr" in (folder / "report.html").read_text()


def test_the_snakefile_of_init_runs_by_snakemake_alone(installed: Installed, folder: Path) -> None:
    installed.run("priorbench", "init", "--snakefile", "--force", cwd=folder)
    (folder / "config.yaml").write_text(yaml.safe_dump(TINY))
    table = "results/tiny/tables/psnr.md"
    done = installed.run("snakemake", "--cores", "2", table, cwd=folder)
    assert (folder / table).is_file()
    # The scores, which the module's own handler prints.
    assert "PSNR" in done.stdout + done.stderr
    other = TINY | {"experiment": "other", "priors": {"run": ["observed"]}}
    (folder / "other.yaml").write_text(yaml.safe_dump(other))
    planned = installed.run("snakemake", "-n", "--configfile", "other.yaml", cwd=folder)
    assert jobs(planned.stdout)["priorbench_restore"] == 1


PREFIXED = """
    from priorbench.shipped import snakefile
    from priorbench.workflow import read_experiment


    module priorbench:
        snakefile:
            snakefile()
        config:
            read_experiment(config, workflow)
        {line}


    use rule * from priorbench
"""


@pytest.mark.parametrize("line", ['prefix: "below"', 'replace_prefix: {"results/": "below/"}'])
def test_a_prefix_of_a_module_is_refused(installed: Installed, folder: Path, line: str) -> None:
    write(folder / "Snakefile", PREFIXED.format(line=line))
    result = installed.run("snakemake", "-n", cwd=folder, check=False)
    assert result.returncode
    assert "results/tiny" in result.stderr and "below/" in result.stderr
    assert "choose the folder by `results:`" in result.stderr
    assert "Traceback" not in result.stderr


def test_a_folder_without_an_experiment_says_how_to_make_one(
    installed: Installed, tmp_path: Path
) -> None:
    result = installed.run("priorbench", "run", "--cores", "1", cwd=tmp_path, check=False)
    assert result.returncode
    assert f"there is no config.yaml in {tmp_path}: run `priorbench init`" in result.stderr
    assert "Traceback" not in result.stderr


def test_the_exit_status_of_run_is_that_of_snakemake(installed: Installed, folder: Path) -> None:
    wrong = installed.run("priorbench", "run", "no-such-target", cwd=folder, check=False)
    direct = installed.run("snakemake", "--cores", "1", "no-such-option", cwd=folder, check=False)
    assert wrong.returncode == direct.returncode != 0
    assert "no-such-target" in wrong.stdout + wrong.stderr
    unknown = installed.run("priorbench", "run", "--no-such-option", cwd=folder, check=False)
    assert "unrecognized arguments: --no-such-option" in unknown.stderr


SLEEPER = """
    import time

    from plugins.transforms.dct import SlidingDct


    class Mine(SlidingDct):
        def __init__(self):
            super().__init__(size=8, threshold=2.7)

        def denoise(self, image, sigma):
            open({started!r}, "w").close()
            time.sleep(600)
"""


def test_an_interrupt_reaches_snakemake_and_its_jobs(installed: Installed, folder: Path) -> None:
    started = folder / "started"
    write(folder / "plugins" / "mine" / "model.py", SLEEPER.format(started=str(started)))
    command = [installed.bin / "priorbench", "run", "--cores", "1"]
    log = folder / "log"
    with log.open("w") as file:
        process = subprocess.Popen(
            command, cwd=folder, env=environment(folder), stderr=file, start_new_session=True
        )
    try:
        while process.poll() is None and not started.exists():
            time.sleep(0.1)
        assert started.exists(), log.read_text()
        # As a terminal does: to all that the command has started.
        os.killpg(process.pid, signal.SIGINT)
        process.wait(timeout=300)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    assert process.returncode
    assert "Terminating processes on user request" in log.read_text()
