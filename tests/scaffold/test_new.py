"""``priorbench plugins new`` writes plugins that are sound as they are, and all of them or none."""

import os
import re
import stat
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import copier
import pytest
import yaml
from typer.testing import CliRunner

from priorbench.cli import app
from priorbench.plugins.kinds import kind_of_prior
from priorbench.plugins.manager import load_plugins
from priorbench.scaffold.kinds import Kind
from priorbench.scaffold.names import PluginName
from tests.test_public_api import file_of, imports, public

OF_PRIORS = {
    Kind.DENOISER: "denoiser",
    Kind.PATCH: "patch prior",
    Kind.GENERATOR: "generator",
    Kind.PRIOR: "prior",
}
"""What `plugins list` calls the priors of each kind."""


def new(*arguments: object) -> Any:
    return CliRunner().invoke(app, ["plugins", "new", *map(str, arguments)])


def files_below(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): path.read_text()
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


def with_site(site: Path) -> dict[str, str]:
    """An environment in which Python finds packages in one more folder."""
    return os.environ | {"PYTHONPATH": os.pathsep.join([str(site), *sys.path[1:]])}


def install(package: Path, site: Path) -> None:
    """Install a package into a folder of its own, as pip does, without a network."""
    options = ["--no-deps", "--no-build-isolation", "--no-index", "--target", str(site)]
    command = [sys.executable, "-m", "pip", "install", "--quiet", *options, str(package.absolute())]
    result = subprocess.run(command, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr


@pytest.mark.parametrize("kind", Kind)
def test_a_plugin_of_each_kind_is_found_and_sound(bench: Any, kind: Kind) -> None:
    result = new("local-mean", "--kind", kind)
    assert result.exit_code == 0, result.output
    registry = load_plugins(["plugins"], strict=True)
    entry = registry.registered_by(kind.form.hook)["local-mean"]
    assert (entry.plugin.name, entry.plugin.origin) == ("local_mean", "folder")
    if kind in OF_PRIORS:
        assert kind_of_prior(entry) == OF_PRIORS[kind]
    else:
        assert callable(entry.load())
    # Every written file is named, and no other.
    written = {f"plugins/local_mean/{name}" for name in files_below(Path("plugins/local_mean"))}
    assert written <= set(result.output.split())
    assert {path.name for path in Path().iterdir()} == {"plugins"}


@pytest.mark.parametrize("package", [False, True], ids=["folder", "package"])
@pytest.mark.parametrize("kind", Kind)
def test_every_file_is_rendered_and_none_is_too_wide(bench: Any, kind: Kind, package: bool) -> None:
    assert new("local-mean", "--kind", kind, *["--package"] * package).exit_code == 0
    files = files_below(Path("local-mean" if package else "plugins/local_mean"))
    for name, text in files.items():
        place = f"{kind} {name}"
        assert text.endswith("\n") and not text.endswith("\n\n"), place
        if name.endswith(".py"):
            compile(text, place, "exec")
            assert max(map(len, text.splitlines())) <= 100, place
        if not name.endswith(".yml"):
            assert not re.search(r"{{|{%", text), place
    code = {"plugin.py", f"{kind.form.file}.py"}
    code |= {"references.bib"} if kind is Kind.DENOISER else set()
    expected = {"README.md", "tests/test_local_mean.py"}
    if package:
        expected |= {f"src/local_mean/{each}" for each in {"__init__.py", *code}}
        expected |= {"LICENSE", "pyproject.toml", ".gitignore", ".github/workflows/ci.yml"}
    assert set(files) == (expected if package else expected | code)


@pytest.mark.parametrize("kind", Kind)
def test_a_new_plugin_imports_only_what_is_public(bench: Any, kind: Kind) -> None:
    assert new("local-mean", "--kind", kind).exit_code == 0
    found = [each for file in Path("plugins").rglob("*.py") for each in imports(file)]
    own = [(module, name) for module, name in found if module.partition(".")[0] == "priorbench"]
    assert len(own) > 3
    for module, name in own:
        source = file_of(module)
        assert source is not None and name in (public(source) or ()), f"{module}: {name}"


def test_a_package_says_who_wrote_it_and_what_it_registers(bench: Any) -> None:
    author = 'Jane "J" Doe & daughters'
    assert new("local-mean", "--kind", "task", "--package", "--author", author).exit_code == 0
    project = tomllib.loads(Path("local-mean/pyproject.toml").read_text())["project"]
    assert project["authors"] == [{"name": author}]
    assert project["entry-points"] == {"priorbench": {"local-mean": "local_mean.plugin"}}
    assert f" {author}\n" in Path("local-mean/LICENSE").read_text()
    jobs = yaml.safe_load(Path("local-mean/.github/workflows/ci.yml").read_text())["jobs"]
    assert jobs["test"]["steps"][-1] == {"run": "pytest"}


QUICK = {(Kind.DENOISER, False), (Kind.METRIC, True)}
"""Of the kinds and forms, those whose tests are run where there are minutes, not hours."""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "package"),
    [
        pytest.param(
            kind,
            package,
            marks=[] if (kind, package) in QUICK else pytest.mark.exhaustive,
            id=f"{kind}-{'package' if package else 'folder'}",
        )
        for kind in Kind
        for package in (False, True)
    ],
)
def test_the_tests_of_a_new_plugin_pass_untouched(
    bench: Any, tmp_path: Path, kind: Kind, package: bool
) -> None:
    assert new("local-mean", "--kind", kind, *["--package"] * package).exit_code == 0
    site = tmp_path / "site"
    if package:
        install(Path("local-mean"), site)
    folder = "local-mean" if package else "plugins/local_mean"
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", folder]
    result = subprocess.run(command, env=with_site(site), capture_output=True, text=True)
    assert result.returncode == 0, result.stdout
    assert re.search(r"\b\d+ passed", result.stdout)


@pytest.mark.parametrize(
    "name", ["", "9lives", "a b", "local--mean", "../out", "class", "mean-", "größe", "a.b"]
)
def test_a_name_that_python_cannot_import_is_refused(bench: Any, name: str) -> None:
    result = new(name, "--kind", "denoiser")
    assert isinstance(result.exception, ValueError)
    assert f"{name!r} can't be the name of a plugin" in str(result.exception)
    assert list(Path().iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["inpaint", "--kind", "task"], "the task 'inpaint' is registered already by"),
        (["psnr", "--kind", "metric"], "the metric 'psnr' is registered already by"),
        (["priorbench", "--kind", "prior"], "the name 'priorbench' is taken by the plugin in"),
        (["json", "--kind", "prior", "--package"], "Python imports 'json' already, from"),
    ],
)
def test_a_name_that_is_taken_is_refused(bench: Any, arguments: list[str], message: str) -> None:
    result = new(*arguments)
    assert isinstance(result.exception, ValueError)
    assert message in str(result.exception)
    assert list(Path().iterdir()) == []


def test_nothing_is_overwritten(bench: Any) -> None:
    kept = Path("plugins/local_mean/notes.txt")
    kept.parent.mkdir(parents=True)
    kept.write_text("mine")
    result = new("local-mean", "--kind", "denoiser")
    assert "plugins/local_mean is there already" in str(result.exception)
    assert files_below(Path()) == {"plugins/local_mean/notes.txt": "mine"}


def test_nothing_is_left_half_written(bench: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(source: str, target: Path, **options: Any) -> None:
        target.mkdir()
        (target / "plugin.py").write_text("half of it")
        raise OSError("the disk is full")

    monkeypatch.setattr(copier, "run_copy", fail)
    result = new("local-mean", "--kind", "denoiser")
    assert "the disk is full" in str(result.exception)
    assert list(Path().rglob("*")) == []


def test_what_is_written_can_be_read_by_others(bench: Any) -> None:
    mask = os.umask(0o022)
    try:
        assert new("local-mean", "--kind", "denoiser").exit_code == 0
    finally:
        os.umask(mask)
    folder = Path("plugins/local_mean")
    modes = {stat.S_IMODE(path.stat().st_mode) for path in (folder, folder / "tests")}
    assert modes == {0o755}


@pytest.mark.parametrize(
    ("name", "kind"),
    [("denoiser", Kind.DENOISER), ("light", Kind.TASK), ("row", Kind.STUDY), ("image", Kind.PATCH)],
)
def test_a_class_does_not_hide_what_its_file_imports(bench: Any, name: str, kind: Kind) -> None:
    assert new(name, "--kind", kind).exit_code == 0
    entry = load_plugins(["plugins"], strict=True).registered_by(kind.form.hook)[name]
    assert callable(entry.load())
    if kind in OF_PRIORS:
        assert kind_of_prior(entry) == OF_PRIORS[kind]


def test_a_class_is_called_after_the_plugin() -> None:
    assert PluginName("local-mean_2D", Kind.PATCH, package=False).title == "LocalMean2D"


def test_a_folder_that_the_experiment_does_not_search_is_named(bench: Any) -> None:
    result = new("local-mean", "--kind", "denoiser", "--into", "elsewhere")
    assert "first add elsewhere to plugins.folders in config.yaml" in result.output
    configuration = bench.configuration(plugins={"folders": ["mine"]})
    Path("config.yaml").write_text(yaml.safe_dump(configuration))
    Path("mine").mkdir()
    result = new("local-mean", "--kind", "denoiser")
    assert Path("mine/local_mean/plugin.py").is_file()
    assert "plugins.folders" not in result.output


@pytest.mark.parametrize("package", [False, True], ids=["folder", "package"])
def test_the_next_commands_are_printed_and_in_the_readme(bench: Any, package: bool) -> None:
    result = new("local-mean", "--kind", "denoiser", *["--package"] * package)
    shown = [line.strip() for line in result.output.partition("next:\n")[2].splitlines()]
    expected = [
        "priorbench plugins check local-mean",
        "priorbench plugins try local-mean",
        "priorbench run --cores 2",
    ]
    assert shown == [*["pip install -e ./local-mean"] * package, *expected]
    readme = Path("local-mean" if package else "plugins/local_mean", "README.md").read_text()
    assert "\n".join(expected) in readme
