"""Whole experiments of a few small images, run in the process of the test."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from priorbench.plan import Plan
from priorbench.stages.corrupt import corrupt
from priorbench.stages.gather import gather
from priorbench.stages.prepare import prepare
from priorbench.stages.restore import restore
from priorbench.stages.score import score
from priorbench.stages.train import train
from priorbench.stages.tune import tune
from priorbench.workflow import freeze

PLUGIN = """
    import numpy as np
    import torch

    from priorbench import Parameters, PriorSpec, hookimpl
    from priorbench.priors import Prior, Restoration

    class Settings(Parameters):
        by: float = 0.05
        rounds: int = 1

    class Shift(Prior):
        def __init__(self, by=0.05, rounds=1):
            self.by = by

        def restore(self, problem, context):
            if FAILING and problem.y.mean() < FAILING:
                raise RuntimeError("too dark")
            return Restoration(problem.estimate() + self.by)

    @hookimpl
    def register_priors():
        for name in NAMES:
            yield PriorSpec(
                name=name, factory=Shift, summary="adds a constant", parameters=Settings,
                id=name + "-{by}", restorations_per_job=3, reference="doi:10.1000/1",
            )
"""


def plugin(names: tuple[str, ...] = ("light", "dark"), failing: float = 0.0) -> str:
    """Return a plugin of priors that add a constant, and fail on images that are darker than
    ``failing``.
    """
    return PLUGIN.replace("NAMES", repr(names)).replace("FAILING", repr(failing))


def pictures(bench: Any, names: str = "abc", folder: str = "photos") -> None:
    """Write an image of 16 × 20 pixels for each letter."""
    for name in names:
        pixels = np.random.default_rng(ord(name)).random((16, 20))
        bench.image(name, 0.2 + 0.6 * pixels, folder)


def in_this_process(
    work: Callable[..., None], arguments: tuple[Any, ...], limit: Callable[[Any], float]
) -> list[Any]:
    """Return what the work sends, without a worker."""
    sent: list[Any] = []
    work(sent.append, *arguments)
    return sent


def without_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let jobs do their work here: a process of its own for each would take most of the time."""
    monkeypatch.setattr("priorbench.jobs.pool.messages", in_this_process)


def run(plan: Plan) -> Plan:
    """Do all jobs of an experiment, up to its tables of rows, and write its configuration."""
    freeze(plan)
    for dataset in plan.datasets:
        prepare(plan, dataset)
    for dataset in plan.test:
        for task in plan.tasks:
            corrupt(plan, dataset, task)
    for prior in plan.learners:
        train(plan, prior)
    for prior in plan.priors:
        for target in plan.tunings.of_prior(prior):
            tune(plan, target, prior)
    for chunk in plan.all_chunks():
        restore(plan, chunk)
        score(plan, chunk)
    gather(plan)
    return plan
