import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from priorbench.cli import app, main
from priorbench.config import Experiment, load_experiment


def run(*arguments: str) -> str:
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0, result.output
    return result.output


def failing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *arguments: str
) -> str:
    """Return the message of a command that is refused."""
    monkeypatch.setattr("sys.argv", ["priorbench", *arguments])
    with pytest.raises(SystemExit) as end:
        main()
    assert end.value.code == 2
    return capsys.readouterr().err


def test_show_prints_an_experiment_that_is_read_back_the_same(bench: Any) -> None:
    bench.image("one", [[0.5] * 12] * 12)
    bench.plan(seed=5)
    (bench.root / "copy.yaml").write_text(run("config", "show"))
    shown = yaml.safe_load(Path("copy.yaml").read_text())
    assert (shown["seed"], shown["retries"]) == (5, 1)
    assert load_experiment(Path("copy.yaml")) == load_experiment(Path("config.yaml"))


def test_schema_prints_the_schema() -> None:
    assert json.loads(run("config", "schema")) == Experiment.model_json_schema()


def test_validate_says_what_the_experiment_holds(bench: Any) -> None:
    for name in ("one", "two", "three"):
        bench.image(name, [[0.5] * 12] * 12)
    source = 'PriorSpec(name="mine", factory=".m:M", summary="for a test", restorations_per_job=2)'
    bench.plugin(
        "mine",
        f"from priorbench import PriorSpec, hookimpl\n@hookimpl\ndef register_priors():\n    yield {source}\n",
    )
    bench.plan(tasks={"run": ["denoise", "inpaint"]})
    output = run("config", "validate")
    for word in (
        "is valid",
        "'tiny'",
        "photos",
        "denoise-25, inpaint-50",
        "mine",
        "6 restorations in 3 jobs",
    ):
        assert word in output


def test_validate_names_what_is_wrong_and_ends_with_2(
    bench: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    bench.image("one", [[0.5] * 12] * 12)
    data = bench.configuration(priors={"run": ["gmn"]})
    Path("config.yaml").write_text(yaml.safe_dump(data))
    assert "unknown prior 'gmn'" in failing(monkeypatch, capsys, "config", "validate")
    assert "no-such.yaml can't be read" in failing(
        monkeypatch, capsys, "config", "show", "--config", "no-such.yaml"
    )


KEEP = """
    from priorbench import PriorSpec, hookimpl
    from priorbench.priors import Prior, Restoration

    class Keep(Prior):
        def restore(self, problem, context):
            return Restoration(problem.estimate())

    @hookimpl
    def register_priors():
        yield PriorSpec(name="keep", factory=Keep, summary="for a test")
"""


def test_strict_turns_a_broken_plugin_into_an_error(
    bench: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    bench.image("one", [[0.5] * 12] * 12)
    bench.plugin("broken", "import no_such_package\n")
    bench.plugin("keep", KEEP)
    bench.plan()
    assert "is left out" in run("config", "validate")
    assert "no_such_package" in failing(monkeypatch, capsys, "config", "validate", "--strict")


def test_strict_imports_what_the_chosen_priors_name(
    bench: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    bench.image("one", [[0.5] * 12] * 12)
    source = 'PriorSpec(name="mine", factory=".nowhere:Model", summary="for a test")'
    bench.plugin(
        "mine",
        f"from priorbench import PriorSpec, hookimpl\n@hookimpl\ndef register_priors():\n    yield {source}\n",
    )
    bench.plan()
    assert "is valid" in run("config", "validate")
    assert "'.nowhere:Model' of 'mine'" in failing(
        monkeypatch, capsys, "config", "validate", "--strict"
    )
    bench.plugin("keep", KEEP)
    bench.plan(priors={"skip": ["mine"]})
    assert "is valid" in run("config", "validate", "--strict")


@pytest.mark.parametrize(
    ("command", "file"),
    [
        (["gather"], "runs/photos/half/0.jsonl"),
        (["tabulate"], "scores.parquet"),
        (["draw"], "scores.parquet"),
        (["score", "--dataset", "photos", "--prior", "half"], "photos/denoise-0/manifest.json"),
        (["corrupt", "--dataset", "photos", "--task", "denoise-0"], "images/photos/manifest.json"),
    ],
)
@pytest.mark.parametrize("option", [[], ["--config", "config.yaml"], ["--config=config.yaml"]])
def test_a_stage_that_comes_too_early_says_what_is_missing_and_what_makes_it(
    bench: Any,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    command: list[str],
    file: str,
    option: list[str],
) -> None:
    bench.image("one", [[0.5] * 12] * 12)
    source = 'PriorSpec(name="half", factory=".m:M", summary="for a test")'
    bench.plugin(
        "half",
        f"from priorbench import PriorSpec, hookimpl\n@hookimpl\ndef register_priors():\n    yield {source}\n",
    )
    bench.plan()
    message = failing(monkeypatch, capsys, *command, *option)
    assert message.startswith("priorbench: results/tiny/")
    assert f"{file} is not there yet: run what makes it first, by `snakemake`" in message
    assert message.count("\n") == 1


def test_validate_names_what_a_folder_of_images_passes_over(bench: Any) -> None:
    bench.image("one", [[0.5] * 12] * 12)
    for number in range(7):
        (bench.root / "photos" / f"picture{number}.xcf").touch()
    bench.plugin("keep", KEEP)
    bench.plan()
    lines = run("config", "validate").splitlines()
    assert lines[-1].strip() == (
        "photos passes over picture0.xcf, picture1.xcf, picture2.xcf, picture3.xcf, picture4.xcf and 2 more"
    )
