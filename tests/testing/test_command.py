"""``priorbench plugins check`` shows what is wrong, and ends with 1."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from priorbench.cli import app

pytestmark = pytest.mark.slow

PLUGINS = Path(__file__).parent / "broken"


def invoke(*arguments: str) -> Any:
    return CliRunner().invoke(app, ["plugins", "check", *map(str, arguments)])


def test_a_failure_is_shown_with_what_would_be_right(bench: Any) -> None:
    only = ["--only", "denoiser_follows_sigma", "--only", "denoiser_shapes", "--only", "described"]
    result = invoke(PLUGINS / "ignores_sigma", *only)
    assert result.exit_code == 1, result.output
    lines = result.output.splitlines()
    assert "✓ prior ignores-sigma: described" in lines
    at = next(n for n, line in enumerate(lines) if line.startswith("✗"))
    assert lines[at].startswith("✗ prior ignores-sigma: denoiser_follows_sigma")
    assert "use σ, or say blind = True" in " ".join(lines[at + 1 :])
    assert "3 checks ran: 2 passed, 1 failed; 0 skipped" in lines[-1]


def test_what_is_skipped_is_told_with_its_reason_and_is_no_failure(bench: Any) -> None:
    result = invoke(PLUGINS / "sound_denoiser", "--only", "fits", "--only", "described")
    assert result.exit_code == 0, result.output
    assert "skipped, only for a prior that learns: fits" in result.output


def test_programs_get_json(bench: Any) -> None:
    result = invoke(PLUGINS / "says_nothing", "--only", "described", "--json")
    assert result.exit_code == 1
    found = json.loads(result.output)
    assert not found["ok"]
    [only] = found["results"]
    assert (only["subject"], only["check"]) == ("prior says-nothing", "described")
    assert only["verdict"] == "failed" and "one line" in only["reason"]


def test_wrong_arguments_are_named(bench: Any) -> None:
    unknown = invoke("psnrr")
    assert "did you mean 'psnr'" in str(unknown.exception)
    unset = invoke("psnr", "--set", "iterations")
    assert "write name=value" in str(unset.exception)
    check = invoke("psnr", "--only", "gives_a_numbre")
    assert "did you mean 'gives_a_number'" in str(check.exception)
    missing = invoke("inpaint", "--only", "adjoint", "--set", "missign=3")
    assert "missign" in missing.output and missing.exit_code == 1


def test_a_plugin_that_can_not_be_loaded_says_why(bench: Any) -> None:
    bench.plugin("unloadable", "import no_such_package")
    result = invoke("plugins/unloadable.py")
    assert result.exit_code != 0
    assert "no_such_package" in str(result.exception)
