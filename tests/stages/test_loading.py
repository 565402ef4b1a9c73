"""One worker does a job: it loads its prior as seldom as it can."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from priorbench.plan import Plan
from priorbench.stages.corrupt import corrupt
from priorbench.stages.prepare import prepare
from priorbench.stages.restore import restore
from priorbench.stages.tune import tune
from priorbench.store.cell import Cell
from priorbench.store.files import read_json, read_rows, write_json

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("quick_start")]

PLUGIN = """
    import os
    from pathlib import Path

    from priorbench import Parameters, PriorSpec, SolverSettings, hookimpl
    from priorbench.priors import Prior, Restoration

    HERE = Path(__file__).parents[1]

    class Settings(Parameters):
        bias: float = 0.0

    class Biased(Prior):
        def __init__(self, bias):
            with open(HERE / "loads", "a") as file:
                file.write(f"{bias}\\n")
            if bias == 10:
                os._exit(3)
            if bias == 11:
                raise ArithmeticError("eleven")
            self.bias = bias

        def restore(self, problem, context):
            with open(HERE / "workers", "a") as file:
                file.write(f"{os.getpid()}\\n")
            return Restoration(problem.estimate() + self.bias)

    @hookimpl
    def register_priors():
        yield PriorSpec(
            name="biased", factory=Biased, summary="for a test", parameters=Settings,
            restorations_per_job=100, tunable={"bias": (0.0, 0.5)}, solver=SolverSettings(),
        )
"""
TASKS = ("denoise-0", "sr-x2", "inpaint-50")


@pytest.fixture
def make(bench: Any) -> Any:
    """Return a function that plans an experiment of two images and three tasks, which one job does;
    with biases, as if a tuning had chosen them for the tasks.
    """
    for number, name in enumerate("ab"):
        bench.image(name, np.random.default_rng(number).random((16, 20)))
        bench.image(name, np.random.default_rng(number).random((16, 20)), folder="lessons")
    bench.plugin("biased", PLUGIN)
    sys.modules.pop("plugins.biased", None)

    def planned(biases: tuple[float, ...] = ()) -> Plan:
        zero = {"denoise": {"parameters": {"sigma": 0}}}
        plan: Plan = bench.plan(
            datasets={
                name: {"source": "folder", "parameters": {"path": name}}
                for name in ("photos", "lessons")
            },
            train="lessons",
            tasks={"run": ["denoise", "sr", "inpaint"], "settings": zero},
            priors={"settings": {"biased": {"tune": bool(biases)}}},
            tuning={"images": 1, "crop": 8},
        )
        assert tuple(plan.tasks) == TASKS
        for dataset in plan.datasets:
            prepare(plan, dataset)
        for task in TASKS:
            corrupt(plan, "photos", task)
        for task, bias in zip(TASKS, biases, strict=False):
            assert tune(plan, task, "biased").ok
            file = plan.layout.tuned(task, "biased")
            write_json(file, {**read_json(file), "parameters": {"bias": bias}})
        for name in ("loads", "workers"):
            Path(name).unlink(missing_ok=True)
        return plan

    return planned


def noted(name: str) -> list[str]:
    return Path(name).read_text().split()


def endings(plan: Plan) -> dict[str, set[tuple[str, str]]]:
    """Return how the restorations of each task ended."""
    found: dict[str, set[tuple[str, str]]] = {}
    for row in read_rows(plan.layout.runs(plan.chunk("photos", "biased", 0))):
        found.setdefault(row["task"], set()).add((row["status"], row["reason"]))
    return found


def test_one_worker_loads_a_prior_once_for_all_tasks_of_its_job(make: Any) -> None:
    plan = make()
    restore(plan, plan.chunk("photos", "biased", 0))
    assert endings(plan) == {key: {("ok", "")} for key in TASKS}
    assert noted("loads") == ["0.0"]
    workers = noted("workers")
    assert len(workers) == 6 and len(set(workers)) == 1


def test_a_prior_that_is_tuned_is_loaded_once_for_each_set_of_parameters(make: Any) -> None:
    plan = make((0.0, 0.0, 0.5))
    restore(plan, plan.chunk("photos", "biased", 0))
    assert endings(plan) == {key: {("ok", "")} for key in TASKS}
    assert noted("loads") == ["0.0", "0.5"]
    assert len(noted("workers")) == 6 and len(set(noted("workers"))) == 1
    # Each task was restored with its own.
    for task, bias in zip(TASKS, (0.0, 0.0, 0.5), strict=True):
        spec = read_json(plan.layout.cell_spec(Cell("photos", task, "biased")))
        assert spec["prior"]["parameters"] == {"bias": bias}


@pytest.mark.parametrize(
    ("bias", "reason"),
    [(10, "the worker exited with code 3"), (11, "ArithmeticError: eleven")],
)
def test_a_worker_that_is_lost_in_the_preparation_of_a_task_loses_that_task_alone(
    make: Any, bias: float, reason: str
) -> None:
    plan = make((0.0, bias, 0.5))
    restore(plan, plan.chunk("photos", "biased", 0))
    found = endings(plan)
    assert found["denoise-0"] == found["inpaint-50"] == {("ok", "")}
    [(status, said)] = found["sr-x2"]
    assert status == "failed" and reason in said
    # It was tried once, for both of its images.
    assert noted("loads") == ["0.0", f"{float(bias)}", "0.5"]
    assert len(noted("workers")) == 4
    assert len(set(noted("workers"))) == (2 if bias == 10 else 1)


def test_a_worker_that_is_lost_in_the_first_preparation_is_followed_by_another(make: Any) -> None:
    plan = make((10, 0.0, 10))
    restore(plan, plan.chunk("photos", "biased", 0))
    found = endings(plan)
    assert found["sr-x2"] == {("ok", "")}
    assert [status for status, _ in found["denoise-0"] | found["inpaint-50"]] == ["failed"]
    assert noted("loads") == ["10.0", "0.0", "10.0"]
