import re
import tomllib
import zipfile
from importlib.metadata import version
from pathlib import Path

import hatchling.build
import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from typer.testing import CliRunner

import priorbench
from priorbench.cli import app

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
    assert priorbench.__version__ == version("priorbench")
    said = CliRunner().invoke(app, ["--version"])
    assert (said.exit_code, said.output) == (0, f"priorbench {version('priorbench')}\n")
    assert (ROOT / "LICENSE").read_text().startswith(f"{PROJECT['license']} License")


def test_wheel_holds_types_published_scores_and_license(tmp_path, monkeypatch):
    monkeypatch.chdir(ROOT)
    with zipfile.ZipFile(tmp_path / hatchling.build.build_wheel(str(tmp_path))) as wheel:
        names = wheel.namelist()
    modules = {path.relative_to(ROOT / "src").as_posix() for path in (ROOT / "src").rglob("*.py")}
    assert modules <= set(names)
    assert {"priorbench/py.typed", "priorbench/results/published.csv"} <= set(names)
    assert any(name.endswith("licenses/LICENSE") for name in names)


INSTALLING = {
    name: (ROOT / name).read_text()
    for name in ("containers/Dockerfile", "containers/priorbench.def")
}


@pytest.mark.parametrize("name", INSTALLING)
def test_an_image_has_the_declared_python_and_installs_the_package_by_the_constraints(name):
    text = INSTALLING[name]
    version = re.search(r"^(?:FROM|From:) ?python:([\d.]+)-slim$", text, re.MULTILINE)[1]
    assert Requirement(f"python{PROJECT['requires-python']}").specifier.contains(version)
    assert f">={version}" == PROJECT["requires-python"]
    assert '-c /opt/priorbench/constraints.txt "/opt/priorbench[slurm]"' in text


@pytest.mark.parametrize("name", INSTALLING)
def test_an_image_takes_what_the_package_is_built_from(name):
    lines = [line.removeprefix("COPY ").split() for line in INSTALLING[name].splitlines()]
    copied = {
        source: line[-1]
        for line in lines
        if line and line[-1].startswith("/opt/")
        for source in line[:-1]
    }
    copied = {source: target for source, target in copied.items() if (ROOT / source).exists()}
    assert copied.pop("src") == "/opt/priorbench/src"
    needed = {"pyproject.toml", "constraints.txt", PROJECT["readme"], *PROJECT["license-files"]}
    assert copied == dict.fromkeys(needed, "/opt/priorbench/")


def test_the_conda_environment_is_that_of_the_constraints():
    environment = yaml.safe_load((ROOT / "environment.yml").read_text())
    python, pip, packages = environment["dependencies"]
    assert python.replace("python=", ">=") == PROJECT["requires-python"]
    assert (pip, packages) == ("pip", {"pip": ["-c constraints.txt", "-e .[slurm]"]})
    assert "slurm" in EXTRAS
