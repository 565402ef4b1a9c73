"""A subclass of PriorChecks and its kin is a set of tests of its own."""

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

PLUGINS = Path(__file__).parent / "broken"
TESTS = f"""
from priorbench.testing import MetricChecks

class TestSound(MetricChecks):
    name = "sound-metric"
    folders = [{str(PLUGINS)!r}]

class TestWrong(MetricChecks):
    name = "wrong-direction"
    folders = [{str(PLUGINS)!r}]

class TestKnown(MetricChecks):
    name = "wrong-direction"
    folders = [{str(PLUGINS)!r}]
    expected_failures = {{"better_is_better": "for a test"}}

class TestNotSo(MetricChecks):
    name = "sound-metric"
    folders = [{str(PLUGINS)!r}]
    expected_failures = {{"better_is_better": "for a test"}}
"""


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """How each test ended, by class and check, with its reason."""
    folder = tmp_path_factory.mktemp("tests")
    (folder / "test_metrics.py").write_text(TESTS)
    command = [sys.executable, "-m", "pytest", "-v", "-rA", "--tb=short", "-p", "no:cacheprovider"]
    run = subprocess.run(
        [*command, "-o", "addopts=", str(folder)],
        cwd=folder,
        capture_output=True,
        text=True,
    )
    assert run.returncode == 1, run.stdout + run.stderr
    found = {}
    for line in run.stdout.splitlines():
        name, _, rest = line.partition("::test_check[")
        if rest and name.startswith("test_metrics.py::"):
            check, _, outcome = rest.partition("]")
            found[f"{name.removeprefix('test_metrics.py::')}.{check}"] = outcome.split()[0]
    return found | {"output": run.stdout}


def test_a_sound_one_passes_and_skips_what_does_not_apply(outcomes: dict[str, str]) -> None:
    assert outcomes["TestSound.gives_a_number"] == "PASSED"
    assert outcomes["TestSound.target_of_clean_images"] == "SKIPPED"
    sound = {outcome for name, outcome in outcomes.items() if name.startswith("TestSound")}
    assert sound == {"PASSED", "SKIPPED"}


def test_a_fault_fails_with_what_would_be_right(outcomes: dict[str, str]) -> None:
    wrong = {name for name, outcome in outcomes.items() if outcome == "FAILED"}
    assert "TestWrong.better_is_better" in wrong
    assert "correct the direction in the record" in outcomes["output"]


def test_expected_failures_are_strict(outcomes: dict[str, str]) -> None:
    assert outcomes["TestKnown.better_is_better"] == "XFAIL"
    assert outcomes["TestNotSo.better_is_better"] == "FAILED"
    assert "take it out of expected_failures" in outcomes["output"]
    wrong = {name for name, outcome in outcomes.items() if outcome == "FAILED"}
    assert wrong == {"TestWrong.better_is_better", "TestNotSo.better_is_better"}
