"""``import priorbench`` is light, and has its functions all the same."""

import json
import subprocess
import sys

import pytest

import priorbench
from priorbench import interactive

HEAVY = ("torch", "numpy", "pandas", "scipy", "matplotlib", "skimage", "PIL", "rich")


def run(code: str) -> str:
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


def test_the_package_imports_nothing_heavy_until_it_is_asked() -> None:
    code = (
        "import json, sys, priorbench\n"
        f"before = [name for name in {HEAVY!r} if name in sys.modules]\n"
        "listed = dir(priorbench)\n"
        "between = [name for name in ('torch', 'numpy') if name in sys.modules]\n"
        "priorbench.corrupt\n"
        "print(json.dumps([before, between, listed, 'torch' in sys.modules]))"
    )
    before, between, listed, after = json.loads(run(code))
    assert before == between == []
    assert set(priorbench.__all__) <= set(listed)
    assert after


@pytest.mark.parametrize("name", ["corrupt", "load_prior", "observe", "restore", "score", "show"])
def test_a_function_of_the_package_is_the_interactive_one(name: str) -> None:
    assert getattr(priorbench, name) is getattr(interactive, name)


@pytest.mark.parametrize("first", ["", "import priorbench.priors", "import priorbench.tasks.base"])
def test_priors_and_tasks_are_modules_that_list_when_they_are_called(first: str) -> None:
    """Whether they are imported before or not, and by whatever way."""
    code = (
        f"{first}\n"
        "import priorbench as pb\n"
        "from priorbench import priors, tasks\n"
        "from priorbench.priors import Denoiser\n"
        "assert pb.priors is priors and priors.Denoiser is Denoiser\n"
        "assert tasks.Task\n"
        "print(callable(pb.priors), callable(pb.tasks), callable(pb.problem))"
    )
    assert run(code).split() == ["True", "True", "False"]


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'corupt'"):
        priorbench.corupt  # noqa: B018
    assert not hasattr(priorbench, "sore")


def test_a_star_import_brings_all() -> None:
    assert run("from priorbench import *; print(corrupt.__name__, priors.Denoiser.__name__)")
