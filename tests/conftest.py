import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import settings

# How long an example takes says something about the machine, not about the code.
settings.register_profile("priorbench", deadline=None)
settings.load_profile("priorbench")

ROOT = Path(__file__).parents[1]
PARTS = ("Snakefile", "config.yaml", "config", "plugins", "profiles", "workflow")


@dataclass(frozen=True)
class Project:
    """A copy of the workflow that a test may edit and run."""

    root: Path

    def run(self, *arguments: str | Path, check: bool = True, **environment: str) -> subprocess.CompletedProcess[str]:
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
            pytest.fail(f"{' '.join(result.args)} ended with {result.returncode}:\n{result.stdout}\n{result.stderr}")
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
def require() -> Callable[[str, bool, str], None]:
    """Skip a test on a machine that lacks a tool; fail instead where PRIORBENCH_REQUIRE names the tool."""

    def check(tool: str, available: bool, reason: str) -> None:
        if available:
            return
        if tool in os.environ.get("PRIORBENCH_REQUIRE", "").split(","):
            pytest.fail(f"PRIORBENCH_REQUIRE names {tool}, and {reason}")
        pytest.skip(reason)

    return check
