"""A wheel of the checkout, installed into a Python that sees the other packages of this one."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import venv
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LEFT_OUT = (".*", "__pycache__", "results", "site", "shared", "dist", "build", "*.egg-info")
"""What is no part of the project, by the names at its root and of caches."""


@dataclass(frozen=True)
class Installed:
    """The library as a wheel installs it.

    Args:
        wheel: the wheel.
        tree: the copy of the checkout that it was built from.
        bin: the folder of its Python and its commands.
    """

    wheel: Path
    tree: Path
    bin: Path

    def run(
        self, command: str, *arguments: str | Path, cwd: Path, check: bool = True
    ) -> subprocess.CompletedProcess[str]:
        """Run a command of the environment, without anything of the checkout on its path."""
        result = subprocess.run(
            [self.bin / command, *map(str, arguments)],
            cwd=cwd,
            env=environment(cwd),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
        )
        if check and result.returncode:
            said = f"{result.stdout}\n{result.stderr}"
            pytest.fail(f"{result.args} ended with {result.returncode}:\n{said}")
        return result


def environment(home: Path) -> dict[str, str]:
    """Return the variables of a process that knows nothing of the checkout."""
    kept = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    # Caches too are new: Snakemake keeps clones of repositories there.
    return kept | {"XDG_CACHE_HOME": str(home / ".cache")}


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A copy of the checkout, and the folder of the wheel and the sdist that are built from it."""
    tree, out = tmp_path_factory.mktemp("tree") / "priorbench", tmp_path_factory.mktemp("dist")
    shutil.copytree(ROOT, tree, ignore=_left_out)
    build(tree, out, "wheel")
    build(tree, out, "sdist")
    return tree, out


@pytest.fixture(scope="session")
def installed(built: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """The wheel in a virtual environment of its own."""
    tree, out = built
    [wheel] = out.glob("*.whl")
    folder = tmp_path_factory.mktemp("installed")
    venv.create(folder, symlinks=True)
    python = folder / "bin" / "python"
    command = ["-m", "pip", "--python", python, "install", "-q", "--no-deps", "--no-index", wheel]
    subprocess.run([sys.executable, *command], check=True)
    [site] = folder.glob("lib/python*/site-packages")
    # Its own packages come first, then those of the Python that runs the tests.
    (site / "others.pth").write_text(sysconfig.get_path("purelib") + "\n")
    # Of Snakemake, which it sees, it needs the command too.
    snakemake = folder / "bin" / "snakemake"
    snakemake.write_text(f"#!{python}\nfrom snakemake.cli import main\n\nmain()\n")
    snakemake.chmod(0o755)
    return Installed(wheel, tree, folder / "bin")


@pytest.fixture(scope="session")
def build_from() -> Callable[[Path, Path, str], None]:
    """Build a wheel or an sdist of a folder."""
    return build


def build(tree: Path, out: Path, target: str) -> None:
    """Build a ``wheel`` or an ``sdist`` as pip would, without a network."""
    command = [sys.executable, "-m", "hatchling", "build", "-t", target, "-d", out]
    subprocess.run(command, cwd=tree, env=environment(out), check=True, capture_output=True)


def _left_out(folder: str, names: list[str]) -> set[str]:
    """Return what is not copied; at the root of the project more than below it."""
    ignored = (
        shutil.ignore_patterns(*LEFT_OUT)
        if Path(folder) == ROOT
        else shutil.ignore_patterns("__pycache__")
    )
    return set(ignored(folder, names)) - {".gitignore"}
