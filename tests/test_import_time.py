"""The workflow is read again by every job of a cluster: reading it must import nothing heavy."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]
HEAVY = ("torch", "pandas", "skimage", "numpy", "scipy", "matplotlib", "seaborn", "pyarrow", "PIL")
SPY = """
import builtins, json, sys

# Which heavy packages are imported while a frame of ours or of a plugin's is on the stack.
heavy, ours, found = {heavy!r}, ("priorbench",), []
original = builtins.__import__

def spy(name, globals=None, locals=None, fromlist=(), level=0):
    top = name.partition(".")[0]
    if level == 0 and top in heavy and top not in sys.modules:
        frame = sys._getframe(1)
        while frame is not None:
            if frame.f_globals.get("__name__", "").startswith(ours):
                found.append([top, frame.f_globals["__name__"]])
                break
            frame = frame.f_back
    return original(name, globals, locals, fromlist, level)

builtins.__import__ = spy
import atexit
atexit.register(lambda: open({file!r}, "a").write(json.dumps(found) + "\\n"))
"""


def run_python(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env=os.environ | environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )


def test_a_plan_imports_nothing_heavy() -> None:
    code = (
        "import json, sys\nfrom pathlib import Path\n"
        "from priorbench.config import load_experiment\nfrom priorbench.plan import Plan\n"
        "plan = Plan(load_experiment(Path('config.yaml')))\n"
        "assert list(plan.cells()) and not plan.registry.problems, plan.registry.problems\n"
        f"print(json.dumps([name for name in {HEAVY!r} if name in sys.modules]))"
    )
    result = run_python("-c", code)
    assert result.returncode == 0, result.stderr
    assert json.loads(result.stdout) == []


@pytest.mark.slow
def test_reading_the_workflow_imports_nothing_heavy_on_our_account(
    project: Any, tmp_path: Path
) -> None:
    file = tmp_path / "imports.jsonl"
    (tmp_path / "sitecustomize.py").write_text(SPY.format(heavy=HEAVY, file=str(file)))
    project.run("--dry-run", "--quiet", "all", PYTHONPATH=str(tmp_path))
    records = [json.loads(line) for line in file.read_text().splitlines()]
    assert records
    assert [record for record in records if record] == []


@pytest.mark.parametrize("arguments", [["--help"], ["config", "schema"], ["plugins", "--help"]])
def test_the_command_line_answers_without_anything_heavy(arguments: list[str]) -> None:
    code = (
        "import json, sys\nfrom priorbench.cli import app\n"
        f"try:\n    app({arguments!r})\nexcept SystemExit as end:\n    assert not end.code\n"
        f"print(json.dumps([name for name in {HEAVY!r} if name in sys.modules]), file=sys.stderr)"
    )
    result = run_python("-c", code)
    assert json.loads(result.stderr) == []


@pytest.mark.parametrize(
    "code", ["import priorbench", "from priorbench.cli import app", "import priorbench.shipped"]
)
def test_what_every_command_imports_is_light(code: str) -> None:
    unwanted = (*HEAVY, "pydantic", "yaml", "rich", "snakemake")
    look = f"import json, sys\nprint(json.dumps([name for name in {unwanted!r} if name in sys.modules]))"
    result = run_python("-c", f"{code}\n{look}")
    assert json.loads(result.stdout) == []


def test_a_plugin_of_one_file_can_be_registered_without_torch() -> None:
    result = run_python("-c", "import sys, priorbench.priors\nprint('torch' in sys.modules)")
    assert result.stdout == "False\n"
