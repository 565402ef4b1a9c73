import fcntl
import os
import shutil
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.util import cache_from_source
from pathlib import Path
from typing import Any

import jaxtyping
import numpy as np
import pytest
import torch
import yaml
from hypothesis import settings
from PIL import Image

from tests import shape_checks

if shape_checks.IS_ON:
    # Before anything of the library is imported.
    shape_checks.install()

import plugins
from priorbench.config import load_experiment
from priorbench.jobs.worker import THREAD_VARIABLES
from priorbench.plan import Plan
from tests.workers import quick_start

__all__ = ["quick_start"]

# How long an example takes says something about the machine, not about the code.
settings.register_profile("usual", deadline=None, max_examples=50)
settings.register_profile("exhaustive", deadline=None, max_examples=200)
settings.load_profile("usual")

# The tests run in as many processes as there are processors, and so do the processes they start.
torch.set_num_threads(1)
for name in THREAD_VARIABLES:
    os.environ[name] = "1"

ROOT = Path(__file__).parents[1]
PARTS = ("Snakefile", "config.yaml", "config", "plugins", "profiles", "workflow")


BUILT_IN_PLUGINS = sorted(
    path.name for path in (ROOT / "plugins").iterdir() if any(path.rglob("plugin.py"))
)
"""The plugins that come with the library, and their groups, by name."""

MARKS = {
    "workflow": pytest.mark.workflow,
    "cluster": pytest.mark.slurm,
    "browser": pytest.mark.browser,
}
"""The folders of whole runs, with the mark by which all of their tests can be left out."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--exhaustive",
        action="store_true",
        help="run what takes minutes too: every check of every plugin that comes with priorbench",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Let properties be tried on more examples where all is tried."""
    if config.getoption("--exhaustive"):
        settings.load_profile("exhaustive")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark whole runs, and put them first, so that no process is left alone with one at the end.

    The browser looks at one of them in the end: before it is finished, processes would wait for it.
    """
    too_long = pytest.mark.skip(reason="takes minutes: run pytest --exhaustive")
    for item in items:
        if item.get_closest_marker("exhaustive") and not config.getoption("--exhaustive"):
            item.add_marker(too_long)
        if mark := MARKS.get(item.path.parent.name):
            item.add_marker(mark)
    order = {"cluster": 0, "workflow": 0, "wheel": 0, "browser": 2}
    items.sort(key=lambda item: order.get(item.path.parent.name, 1))


@pytest.fixture(autouse=True)
def _own_plugins() -> Iterator[None]:
    """Forget the plugins that a test has made, whose folders share names with others."""
    path, modules = list(sys.path), dict(sys.modules)
    places = list(plugins.__path__)
    yield
    sys.path[:] = path
    plugins.__path__ = places
    for name in list(sys.modules):
        if name.partition(".")[0] in ("plugins", "my_priors", "elsewhere"):
            del sys.modules[name]
    sys.modules.update(modules)


@pytest.fixture
def unchecked() -> Iterator[None]:
    """Check no annotations, to see how the library itself answers what they exclude."""
    jaxtyping.config.update("jaxtyping_disable", True)
    yield
    jaxtyping.config.update("jaxtyping_disable", False)


@dataclass(frozen=True)
class Project:
    """A copy of the workflow that a test may edit and run."""

    root: Path

    def run(
        self, *arguments: str | Path, check: bool = True, **environment: str
    ) -> subprocess.CompletedProcess[str]:
        """Run Snakemake in the copy; with `check`, fail the test with its output when it fails."""
        result = subprocess.run(
            [sys.executable, "-m", "snakemake", *map(str, arguments)],
            cwd=self.root,
            env=os.environ | environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
        )
        if check and result.returncode:
            pytest.fail(
                f"{' '.join(result.args)} ended with {result.returncode}:\n{result.stdout}\n{result.stderr}"
            )
        return result


def _copy(root: Path) -> Project:
    for part in PARTS:
        source = ROOT / part
        if source.is_dir():
            shutil.copytree(source, root / part, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy2(source, root / part)
    return Project(root)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A copy of the workflow for one test."""
    root = tmp_path / "project"
    root.mkdir()
    return _copy(root)


@pytest.fixture(scope="session")
def make_project(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Project]:
    """Make a further copy of the workflow, for fixtures that several tests share."""
    return lambda: _copy(tmp_path_factory.mktemp("project"))


@pytest.fixture(scope="session")
def share(
    tmp_path_factory: pytest.TempPathFactory,
) -> Callable[[str, Callable[[Project], None]], Project]:
    """Make a project once and share it between the processes of pytest-xdist. Tests only read it."""
    base = tmp_path_factory.getbasetemp()
    base = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base

    def get(name: str, make: Callable[[Project], None]) -> Project:
        root, done = base / name, base / f"{name}.done"
        with (base / f"{name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not done.exists():
                shutil.rmtree(root, ignore_errors=True)
                root.mkdir()
                make(_copy(root))
                done.touch()
        return Project(root)

    return get


@pytest.fixture(scope="session")
def require() -> Callable[[str, bool, str], None]:
    """Skip a test on a machine that lacks a tool; fail instead where PRIORBENCH_REQUIRE names the
    tool.
    """

    def check(tool: str, available: bool, reason: str) -> None:
        if available:
            return
        if tool in os.environ.get("PRIORBENCH_REQUIRE", "").split(","):
            pytest.fail(f"PRIORBENCH_REQUIRE names {tool}, and {reason}")
        pytest.skip(reason)

    return check


@dataclass(frozen=True)
class Bench:
    """A small experiment in a folder of its own, with plugins of the test's making."""

    root: Path

    def image(self, name: str, pixels: np.ndarray, folder: str = "photos") -> None:
        """Write an 8-bit PNG; `pixels` lie on [0, 1]."""
        path = self.root / folder / f"{name}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.rint(255 * np.clip(pixels, 0, 1)).astype(np.uint8)).save(path)

    def plugin(self, name: str, source: str) -> None:
        """Write a one-file plugin."""
        path = self.root / "plugins" / f"{name}.py"
        path.parent.mkdir(exist_ok=True)
        path.write_text(textwrap.dedent(source))
        # Python would not notice an edit of the same length within the same second.
        Path(cache_from_source(path)).unlink(missing_ok=True)

    def configuration(self, **changes: Any) -> dict[str, Any]:
        """Return a configuration: denoising of the images in `photos` without noise, every prior
        that the test has made.
        """
        plugins = dict(changes.pop("plugins", {}))
        plugins["disable"] = sorted({*BUILT_IN_PLUGINS, *plugins.get("disable", [])})
        return {
            "plugins": plugins,
            "experiment": "tiny",
            "datasets": {"photos": {"source": "folder", "parameters": {"path": "photos"}}},
            "test": ["photos"],
            "tasks": {"run": ["denoise"], "settings": {"denoise": {"parameters": {"sigma": 0}}}},
        } | changes

    def plan(self, **changes: Any) -> Plan:
        """Return the plan of the configuration, and keep it as `config.yaml`."""
        (self.root / "config.yaml").write_text(yaml.safe_dump(self.configuration(**changes)))
        return Plan(load_experiment(self.root / "config.yaml"))


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    """An empty experiment in the current folder of this test alone."""
    root = tmp_path / "bench"
    root.mkdir()
    monkeypatch.chdir(root)
    return Bench(root)
