import ast
import re
import sys
import tomllib
import zipfile
from collections.abc import Iterator
from importlib.metadata import packages_distributions, version
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
CONFIGURATION = tomllib.loads((ROOT / "pyproject.toml").read_text())
PROJECT = CONFIGURATION["project"]
WHEEL = CONFIGURATION["tool"]["hatch"]["build"]["targets"]["wheel"]
SCAFFOLD = ROOT / "src" / "priorbench" / "scaffold"
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


def imports(file: Path) -> Iterator[str]:
    """Yield the top-level modules that a file imports, wherever in it, without relative ones."""
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.partition(".")[0]


def declared(extras: tuple[str, ...]) -> set[str]:
    """Return the names of the packages that the project with some of its extras requires."""
    names: set[str] = set()
    texts = list(PROJECT["dependencies"])
    waiting = list(extras)
    while waiting:
        texts += EXTRAS[waiting.pop()]
    for requirement in map(Requirement, texts):
        if canonicalize_name(requirement.name) == PROJECT["name"]:
            names |= declared(tuple(requirement.extras))
        else:
            names.add(canonicalize_name(requirement.name))
    return names


@pytest.mark.parametrize(
    ("folder", "extras"),
    [
        # Classes for the tests of plugins import pytest where they run.
        ("src", ("testing",)),
        ("plugins", ()),
        ("docs/examples", ()),
        ("benchmarks", ("benchmarks",)),
        ("tests", ("test",)),
        ("tools", ("test",)),
    ],
)
def test_every_import_is_declared(folder, extras):
    own = {file.stem for top in ("tests", "benchmarks") for file in (ROOT / top).rglob("*.py")}
    own |= {"docs", "plugins", "tests", "tools"}
    distributions = packages_distributions()
    known = declared(extras)
    missing = {}
    for file in (ROOT / folder).rglob("*.py"):
        for name in {*imports(file)} - sys.stdlib_module_names - own - {PROJECT["name"]}:
            provided = {canonicalize_name(each) for each in distributions.get(name, [name])}
            if not provided & known:
                missing.setdefault(name, file.relative_to(ROOT).as_posix())
    assert not missing


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
    site = ROOT / "src" / "priorbench" / "site"
    page = [path for part in ("assets", "templates") for path in (site / part).rglob("*.*")]
    assert {path.relative_to(ROOT / "src").as_posix() for path in page} <= set(names)
    template = [path for path in (SCAFFOLD / "template").rglob("*") if path.is_file()]
    assert {path.relative_to(ROOT / "src").as_posix() for path in template} <= set(names)
    assert "priorbench/site/assets/vendor/image-compare/LICENSE" in names
    assert {"priorbench/py.typed", "priorbench/results/published.csv"} <= set(names)
    # What `priorbench cite` prints.
    assert {"priorbench/CITATION.cff", "priorbench/plugins/references.bib"} <= set(names)
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
    needed = {"pyproject.toml", "constraints.txt", PROJECT["readme"], *PROJECT["license-files"]}
    needed |= {"src", *WHEEL["force-include"]}
    target = "/opt/priorbench/"
    assert copied == {
        name: f"{target}{name}" if (ROOT / name).is_dir() else target for name in needed
    }


def test_the_conda_environment_is_that_of_the_constraints():
    environment = yaml.safe_load((ROOT / "environment.yml").read_text())
    python, pip, packages = environment["dependencies"]
    assert python.replace("python=", ">=") == PROJECT["requires-python"]
    assert (pip, packages) == ("pip", {"pip": ["-c constraints.txt", "-e .[slurm]"]})
    assert "slurm" in EXTRAS
