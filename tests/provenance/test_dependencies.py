import json
import subprocess
import sys
from pathlib import Path

import pytest

from priorbench.provenance import Packages, dependencies_of, versions
from priorbench.provenance.dependencies import PACKAGE, library_packages
from priorbench.provenance.neutral import NEUTRAL, is_neutral


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A package whose ``model`` needs ``helper``, by way of ``part``, and a file of weights."""
    folder = tmp_path / "mine"
    files = {
        "__init__.py": "",
        "model.py": "from .part import inner\nWEIGHTS = 'weights.bin'\n",
        "part/__init__.py": "",
        "part/inner.py": "def work():\n    from .. import helper\n    return helper\n",
        "helper.py": "import numpy, requests, json\n",
        "unused.py": "x = 1\n",
    }
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content)
    (folder / "weights.bin").write_bytes(b"\0")
    (folder / "notes.txt").write_text("a note")
    return folder


def fingerprint_of(package: Path, module: str = "mine.model") -> str:
    return dependencies_of([module], Packages({"mine": package})).fingerprint


def test_a_module_depends_on_what_it_imports_and_names(package: Path) -> None:
    found = dependencies_of(["mine.model"], Packages({"mine": package}))
    expected = {"mine", "mine.model", "mine.part", "mine.part.inner", "mine.helper"}
    assert set(found.modules) == expected
    assert set(found.data) == {"mine.model/weights.bin"}
    assert found.packages == {"numpy", "requests"}


@pytest.mark.parametrize(
    "name", ["__init__.py", "model.py", "part/__init__.py", "part/inner.py", "helper.py"]
)
def test_an_edit_of_any_of_them_is_noticed(package: Path, name: str) -> None:
    before = fingerprint_of(package)
    file = package / name
    file.write_text(file.read_text() + "\nX = 1\n")
    assert fingerprint_of(package) != before


def test_a_named_data_file_is_compared_by_its_bytes(package: Path) -> None:
    before = fingerprint_of(package)
    (package / "weights.bin").write_bytes(b"\1")
    changed = fingerprint_of(package)
    (package / "weights.bin").unlink()
    assert len({before, changed, fingerprint_of(package)}) == 3


@pytest.mark.parametrize("name", ["unused.py", "notes.txt", "model.py~", "README.md", "new.py"])
def test_a_stray_file_changes_nothing(package: Path, name: str) -> None:
    before = fingerprint_of(package)
    (package / name).write_text("y = 2\n")
    assert fingerprint_of(package) == before


def test_a_module_that_imports_by_computed_names_depends_on_all_beside_it(package: Path) -> None:
    (package / "model.py").write_text(
        "import importlib\nfound = importlib.import_module(f'.{name}', __package__)\n"
    )
    before = fingerprint_of(package)
    (package / "unused.py").write_text("x = 2\n")
    assert fingerprint_of(package) != before


def test_a_moved_package_keeps_its_fingerprint(package: Path) -> None:
    before = fingerprint_of(package)
    assert fingerprint_of(package.rename(package.with_name("moved"))) == before


def test_circular_imports_end(package: Path) -> None:
    (package / "helper.py").write_text("from . import model\n")
    assert "mine.model" in dependencies_of(["mine.helper"], Packages({"mine": package})).modules


def test_code_that_is_imported_but_not_installed_is_followed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = tmp_path / "somebodys_own_code"
    source.mkdir()
    (source / "__init__.py").write_text("")
    (source / "deep.py").write_text("x = 1\n")
    (tmp_path / "model.py").write_text("from somebodys_own_code import deep\n")
    monkeypatch.syspath_prepend(tmp_path)

    def found() -> str:
        return dependencies_of(["plug"], Packages({"plug": tmp_path / "model.py"})).fingerprint

    before = found()
    (source / "deep.py").write_text("x = 2\n")
    assert found() != before


def test_versions_are_found_by_the_names_of_imports() -> None:
    found = versions(["numpy", "skimage", "no_such_package"])
    assert found["numpy"] == __import__("numpy").__version__
    assert __import__("skimage").__version__ in found["skimage"]
    assert found["no_such_package"] == ""


def test_the_library_imports_these_packages() -> None:
    assert {"numpy", "torch", "skimage", "scipy", "pandas", "pydantic"} <= library_packages()
    assert "sklearn" not in library_packages()


def test_every_neutral_module_exists_and_is_reached() -> None:
    """A module that nothing reaches needs no exception."""
    files = {_module(file): file for file in PACKAGE.rglob("*.py")}
    imported = {
        name for module, file in files.items() if not is_neutral(module) for name in _imports(file)
    }
    assert NEUTRAL - files.keys() == set()
    reached = {
        neutral
        for neutral in NEUTRAL
        if any(name == neutral or name.startswith(f"{neutral}.") for name in imported)
    }
    assert NEUTRAL - reached == set()


def _module(file: Path) -> str:
    parts = file.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts).removesuffix(".__init__")


def _imports(file: Path) -> set[str]:
    """Return the absolute names that a file of the library imports, by a search of its text."""
    words = file.read_text().replace(",", " ").split()
    return {word for word in words if word.startswith("priorbench.")}


SCRIPT = """
import json, os, sys, textwrap
from pathlib import Path

# What takes long to import, and is not looked at.
import h5py, matplotlib.figure, pandas, pyarrow, scipy.ndimage, seaborn, skimage.metrics, torch

from priorbench.config import load_experiment
from priorbench.plan import Plan

plan = Plan(load_experiment(Path("config.yaml")))
before = set(sys.modules)
for stage, call in json.loads(sys.argv[1]).items():
    child = os.fork()
    if child == 0:
        exec(call)
        names = set(sys.modules) - before
        loaded = sorted(name for name in names if name.startswith("priorbench."))
        Path(f"{stage}.loaded").write_text("\\n".join(loaded))
        sys.stdout.flush()
        os._exit(0)
    _, status = os.waitpid(child, 0)
    assert status == 0, stage
"""
CHUNK = "plan.chunk('photos', 'doubled', 0)"
CALLS = {
    "prepare": "from priorbench.stages.prepare import prepare as p; p(plan, 'photos')",
    "corrupt": "from priorbench.stages.corrupt import corrupt as c; c(plan, 'photos', 'denoise-0')",
    "train": (
        "from priorbench.stages.train import train, _fit\n"
        "train(plan, 'doubled')\n"
        "_fit(lambda message: None, plan.experiment, ['doubled'])"
    ),
    "restore": (
        "from priorbench.stages.restore import restore, _restore_each\n"
        f"chunk = {CHUNK}\n"
        "restore(plan, chunk)\n"
        "restorations = list(chunk.restorations())\n"
        "_restore_each(lambda message: None, plan.experiment, restorations)"
    ),
    "score": f"from priorbench.stages.score import score; score(plan, {CHUNK})",
    "gather": "from priorbench.stages.gather import gather; gather(plan)",
    "tabulate": "from priorbench.stages.tabulate import tabulate; tabulate(plan)",
    "draw": "from priorbench.stages.draw import draw; draw(plan)",
    "study": "from priorbench.stages.study import study; study(plan, 'empty')",
}
PLUGIN = """
    import pandas as pd
    import torch
    from matplotlib.figure import Figure

    from priorbench import PriorSpec, StudySpec, hookimpl
    from priorbench.priors import Denoiser, Learned
    from priorbench.studies import Findings


    class Doubled(Denoiser, Learned):
        def denoise(self, image, sigma):
            return image

        def fit(self, images, context):
            yield {"iteration": 1}

        def state_dict(self):
            return {"weight": torch.zeros(1)}

        def load_state_dict(self, state):
            pass


    def empty(results):
        return Findings(table=pd.DataFrame({"a": [1]}), figure=Figure())


    @hookimpl
    def register_priors():
        yield PriorSpec(name="doubled", factory=Doubled, learns=True, train_on="photos2", summary="")


    @hookimpl
    def register_studies():
        yield StudySpec(name="empty", factory=empty, summary="")
"""


@pytest.mark.slow
def test_what_a_stage_loads_when_it_runs_is_among_its_dependencies(bench) -> None:
    """A second opinion on the closure of imports: every stage runs in a process of its own."""
    import numpy as np

    pixels = np.random.default_rng(0).random((32, 32))
    bench.image("one", pixels)
    bench.image("two", pixels.T, folder="photos2")
    bench.plugin("doubled", PLUGIN)
    changes = {
        "datasets": {
            "photos": {"source": "folder", "parameters": {"path": "photos"}},
            "photos2": {"source": "folder", "parameters": {"path": "photos2"}},
        },
        "metrics": ["psnr", "ssim", "residual"],
        "studies": ["empty"],
    }
    plan = bench.plan(**changes)
    subprocess.run(
        [sys.executable, "-m", "priorbench", "prepare", "--dataset", "photos2"], check=True
    )
    subprocess.run([sys.executable, "-c", SCRIPT, json.dumps(CALLS)], check=True)
    own = [plan.registry.priors["doubled"], plan.registry.tasks["denoise"]]
    own += [plan.registry.metrics[name] for name in plan.metrics]
    own += [plan.registry.datasets["folder"]]
    of_records = [plan._code._dependencies(record).modules for record in own]
    by_neutral = {
        name
        for module in NEUTRAL - {"priorbench"}
        if (file := Packages({}).read(module))
        for name in _imports(file[0])
    }
    for stage in CALLS:
        loaded = set(Path(f"{stage}.loaded").read_text().split())
        found = set(dependencies_of([f"priorbench.stages.{stage}"], Packages({})).modules)
        unknown = {name for name in loaded - found.union(*of_records) if not is_neutral(name)}
        assert not unknown - by_neutral, f"{stage} loads {unknown}"
        assert f"priorbench.stages.{stage}" in loaded
