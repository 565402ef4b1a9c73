import tomllib
import zipfile
from importlib.metadata import version
from pathlib import Path

import hatchling.build
import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import priorbench

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
EXTRAS = PROJECT["optional-dependencies"]
REQUIREMENTS = [Requirement(text) for text in sum(EXTRAS.values(), PROJECT["dependencies"])]


@pytest.fixture(scope="module")
def pins() -> dict[str, Requirement]:
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    parsed = [Requirement(line) for line in lines if not line.startswith("#")]
    return {canonicalize_name(pin.name): pin for pin in parsed}


@pytest.mark.parametrize("requirement", REQUIREMENTS, ids=str)
def test_every_dependency_is_pinned_inside_its_range(requirement, pins):
    if canonicalize_name(requirement.name) == PROJECT["name"]:
        assert requirement.extras <= EXTRAS.keys()
        return
    [pin] = pins[canonicalize_name(requirement.name)].specifier
    assert pin.operator == "=="
    assert requirement.specifier.contains(pin.version)


def test_every_pin_is_exact_and_no_gpu_library_is_pinned(pins):
    for name, pin in pins.items():
        assert [specifier.operator for specifier in pin.specifier] == ["=="], name
        assert not name.startswith(("nvidia-", "cuda-", "triton")), name


def test_version_and_license_agree():
    assert priorbench.__version__ == PROJECT["version"] == version("priorbench")
    assert (ROOT / "LICENSE").read_text().startswith(f"{PROJECT['license']} License")


def test_wheel_holds_types_published_scores_and_license(tmp_path, monkeypatch):
    monkeypatch.chdir(ROOT)
    with zipfile.ZipFile(tmp_path / hatchling.build.build_wheel(str(tmp_path))) as wheel:
        names = wheel.namelist()
    modules = {path.relative_to(ROOT / "src").as_posix() for path in (ROOT / "src").rglob("*.py")}
    assert modules <= set(names)
    assert {"priorbench/py.typed", "priorbench/results/published.csv"} <= set(names)
    assert any(name.endswith("licenses/LICENSE") for name in names)
