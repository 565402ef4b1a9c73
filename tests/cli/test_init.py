"""``priorbench init`` writes a folder that can be run."""

import json
from pathlib import Path

import jsonschema
import pytest
import yaml
from typer.testing import CliRunner

from priorbench import shipped
from priorbench.cli import app, main
from priorbench.config import Experiment, load_experiment

ROOT = Path(__file__).parents[2]


@pytest.fixture
def empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder, which is the working directory."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def init(*arguments: str) -> str:
    result = CliRunner().invoke(app, ["init", *arguments])
    assert result.exit_code == 0, result.output
    return result.output


def refused(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *arguments: str
) -> str:
    monkeypatch.setattr("sys.argv", ["priorbench", "init", *arguments])
    with pytest.raises(SystemExit) as end:
        main()
    assert end.value.code == 2
    return capsys.readouterr().err


def test_every_experiment_of_the_checkout_can_be_begun_with() -> None:
    names = {file.stem for file in (ROOT / "config").glob("*.yaml")} | {"default"}
    assert set(shipped.experiments()) == names
    assert {"smoke", "paper", "dip", "networks", "tuning"} <= names


@pytest.mark.parametrize("name", shipped.experiments())
def test_the_file_is_the_experiment_with_its_comments_and_a_schema(empty: Path, name: str) -> None:
    init("--from", name)
    source = ROOT / "config.yaml" if name == "default" else ROOT / "config" / f"{name}.yaml"
    assert load_experiment(empty / "config.yaml") == load_experiment(source)
    text = (empty / "config.yaml").read_text()
    assert text.startswith(source.read_text().splitlines()[0])
    [line] = [line for line in text.splitlines() if "$schema=" in line]
    schema = json.loads((empty / line.partition("$schema=")[2]).read_text())
    assert schema == Experiment.model_json_schema()
    jsonschema.validate(yaml.safe_load(text), schema)


def test_a_folder_is_made_with_the_module_and_what_git_is_to_ignore(empty: Path) -> None:
    said = init("a folder/mine", "--snakefile")
    assert "cd 'a folder/mine' && priorbench run" in said
    made = {
        path.relative_to(empty / "a folder" / "mine").as_posix()
        for path in (empty / "a folder" / "mine").rglob("*")
        if path.is_file()
    }
    expected = {"config.yaml", "schema.json", ".gitignore", "Snakefile"}
    assert made == expected | {"profiles/default/config.yaml"}
    profile = empty / "a folder" / "mine" / "profiles" / "default" / "config.yaml"
    assert profile.read_text() == (ROOT / "profiles" / "default" / "config.yaml").read_text()


def test_nothing_is_overwritten_unless_it_is_forced(
    empty: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (empty / "Snakefile").write_text("# mine\n")
    (empty / ".gitignore").write_text("mine\n")
    message = refused(monkeypatch, capsys, "--snakefile")
    assert "Snakefile would be overwritten" in message and "--force" in message
    assert {path.name for path in empty.iterdir()} == {"Snakefile", ".gitignore"}
    init("--snakefile", "--force")
    assert "module priorbench" in (empty / "Snakefile").read_text()
    assert (empty / ".gitignore").read_text() == "mine\n"
    (empty / "config.yaml").write_text("experiment: mine\n")
    assert "config.yaml" in refused(monkeypatch, capsys)
    assert (empty / "config.yaml").read_text() == "experiment: mine\n"


def test_an_unknown_experiment_and_a_file_instead_of_a_folder_are_told_of(
    empty: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    message = refused(monkeypatch, capsys, "--from", "papers")
    assert "'papers'; did you mean 'paper'?" in message
    (empty / "taken").write_text("")
    assert "taken is a file: name a folder" in refused(monkeypatch, capsys, "taken")
    assert {path.name for path in empty.iterdir()} == {"taken"}
