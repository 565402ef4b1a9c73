"""The commands of docs/how-to/install.md, as they stand there."""

import os
import re
import subprocess
from pathlib import Path

import yaml

from priorbench import shipped
from tests.wheel.conftest import Installed, environment

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "how-to" / "install.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


def planned(command: str) -> str:
    """Return a command that plans only what the page lets run."""
    starts_a_run = command.startswith(("priorbench run", "snakemake"))
    return f"{command} --dry-run" if starts_a_run else command


def test_every_command_works_where_the_wheel_is_installed(
    installed: Installed, tmp_path: Path
) -> None:
    install, *rest = blocks("sh")
    assert "pip install priorbench" in install
    commands = [line for block in rest for line in block.splitlines()]
    assert len(commands) > 6
    path = f"{installed.bin}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-euxc", "\n".join(map(planned, commands))],
        cwd=tmp_path,
        env=environment(tmp_path) | {"PATH": path},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "priorbench_tabulate" in done.stdout


def test_the_module_of_the_page_is_a_workflow(installed: Installed, tmp_path: Path) -> None:
    [snakefile] = blocks("python")
    (tmp_path / "Snakefile").write_text(snakefile)
    smoke = yaml.safe_load((ROOT / "config" / "smoke.yaml").read_text())
    (tmp_path / "workflow.yaml").write_text(yaml.safe_dump({"restoration": smoke}))
    done = installed.run("snakemake", "-n", "--cores", "2", cwd=tmp_path)
    assert re.search(r"^best +1$", done.stdout, re.MULTILINE)


def test_the_page_tells_of_every_experiment() -> None:
    assert not [name for name in shipped.experiments() if f"`{name}`" not in PAGE]
