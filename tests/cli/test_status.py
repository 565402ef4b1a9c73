"""What ``priorbench status`` prints."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from dataclasses import asdict
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from priorbench.cli import app
from priorbench.monitor.failures import SHOWN, Failure, lines
from priorbench.monitor.status_view import duration
from priorbench.plan import Plan
from priorbench.store.cell import Cell
from priorbench.store.files import write_rows
from priorbench.store.outcome import Outcome

TASK = "denoise-0"
LONG = "a-prior-with-a-name-that-takes-much-room-in-a-narrow-table-of-eighty-columns"
PRIORS = f"""
    from priorbench import PriorSpec, hookimpl

    @hookimpl
    def register_priors():
        for name in ("one", {LONG!r}):
            yield PriorSpec(name=name, factory=".nowhere:Model", summary="for a test", restorations_per_job=1)
"""


@pytest.fixture
def plan(bench: Any) -> Plan:
    """An experiment of two images and two priors, of which nothing has run."""
    for name, level in (("a", 0.5), ("b", 0.6)):
        bench.image(name, np.full((8, 8), level))
    bench.plugin("two", PRIORS)
    chosen: Plan = bench.plan(priors={"run": ["one", LONG]})
    return chosen


def end(plan: Plan, prior: str, **changes: Any) -> None:
    """Write the rows of all jobs of a prior."""
    current = plan.fingerprints.restored(Cell("photos", TASK, prior))
    outcome = Outcome("ok", "restore", seconds=90.0).as_dict()
    for chunk in plan.chunks("photos", prior):
        [(cell, image)] = chunk.restorations()
        row = {**asdict(cell), "image": image, "fingerprint": current, **outcome, **changes}
        write_rows(plan.layout.runs(chunk), [row])


def row(output: str, prior: str) -> list[str]:
    """Return the words of a prior's row."""
    [words] = [line.split() for line in output.splitlines() if line.startswith(f" {prior} ")]
    return words


def test_a_pipe_gets_whole_lines(plan: Plan) -> None:
    end(plan, "one")
    end(plan, LONG, status="failed", reason="why " * 60)
    result = CliRunner().invoke(app, ["status"])
    assert result.exit_code == 0
    assert result.output.startswith(
        "tiny: 4 of 4 restorations ended, 2 of them failed\nlast change: "
    )
    assert row(result.output, "prior") == [
        *("prior", "done", "running", "failed", "waiting", "used", "left")
    ]
    assert row(result.output, "one") == ["one", "2/2", "0", "0", "0", "3", "min"]
    assert row(result.output, LONG)[1:5] == ["0/2", "0", "2", "0"]
    assert row(result.output, "all")[1:5] == ["2/4", "0", "2", "0"]
    assert "2 failed: " + ("why " * 60).strip() in result.output
    assert f"  log: results/tiny/logs/restore/photos/{LONG}/0.log\n" in result.output
    assert "\x1b" not in result.output


def test_before_the_run_it_says_so(plan: Plan) -> None:
    result = CliRunner().invoke(app, ["status"])
    assert result.exit_code == 0
    assert "nothing has been written yet" in result.output and "left: –" in result.output


def test_watching_ends_when_all_is_done(plan: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    end(plan, "one")
    monkeypatch.setattr(time, "sleep", lambda seconds: end(plan, LONG))
    result = CliRunner().invoke(app, ["status", "--watch", "--interval", "0.2"])
    assert result.exit_code == 0
    assert (
        "2 of 4 restorations ended" in result.output
        and "4 of 4 restorations ended" in result.output
    )


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "openpty"), reason="needs a terminal")
def test_in_a_terminal_it_is_drawn_anew_until_it_is_stopped(plan: Plan) -> None:
    end(plan, "one")
    terminal, far_end = os.openpty()
    command = [sys.executable, "-m", "priorbench", "status", "--watch", "--interval", "0.1"]
    environment = os.environ | {"COLUMNS": "100", "TERM": "xterm"}
    with subprocess.Popen(
        command, stdout=far_end, stderr=far_end, stdin=far_end, env=environment
    ) as watching:
        os.close(far_end)
        seen = b""
        while seen.count(b"2 of 4 restorations") < 2:
            seen += os.read(terminal, 4096)
        end(plan, LONG, status="timeout")
        while b"4 of 4 restorations" not in seen:
            seen += os.read(terminal, 4096)
        assert watching.wait(20) == 0
    os.close(terminal)


@pytest.mark.slow
def test_control_c_ends_it_without_a_traceback(plan: Plan) -> None:
    command = [sys.executable, "-m", "priorbench", "status", "--watch", "--interval", "60"]

    # Tests that a shell has started in the background ignore it, and what they start would too.
    def heed() -> None:
        signal.signal(signal.SIGINT, signal.SIG_DFL)

    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, preexec_fn=heed
    ) as watching:
        assert watching.stdout is not None and watching.stderr is not None
        try:
            for line in watching.stdout:
                if line.startswith(" all"):
                    break
            watching.send_signal(signal.SIGINT)
            assert watching.wait(20) == 130
            assert watching.stderr.read() == ""
        finally:
            watching.kill()


def test_of_many_failures_the_first_are_shown_and_the_others_counted() -> None:
    many = [Failure(f"prior {number}", "1 failed", f"{number}.log") for number in range(SHOWN + 3)]
    assert lines(many[:SHOWN])[-1] == f"  log: {SHOWN - 1}.log"
    assert lines(many)[-2:] == [f"  log: {SHOWN - 1}.log", "and 3 more"]


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(None, "–"), (0, "0 s"), (0.2, "1 s"), (59, "59 s"), (60, "1 min"), (3599, "1 h 00 min"), (7500, "2 h 05 min"),
     (180_000, "2 d 2 h")],
)  # fmt: skip
def test_durations_have_two_units_at_most(seconds: float | None, text: str) -> None:
    assert duration(seconds) == text
