"""The results of a planned experiment, read back for tables, figures and studies."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from priorbench.files import read_json
from priorbench.plan import Plan
from priorbench.results import Catalogue, Results
from priorbench.results.gather import read_table
from priorbench.results.published import published_rows
from priorbench.stages.material import PlannedMaterial


def catalogue(plan: Plan) -> Catalogue:
    """Return the names that the experiment's results are shown with."""
    return Catalogue(
        priors={prior.id: prior.label for prior in plan.priors.values()},
        tasks={task.id: task.label for task in plan.tasks.values()},
        datasets=tuple(plan.test),
        metrics=plan.metrics,
    )


def published(plan: Plan) -> list[dict[str, Any]]:
    """Return the published numbers that the experiment can be compared with."""
    sections = {name: plan.datasets[name].section for name in plan.test}
    return published_rows(plan.experiment.experiment, sections, plan.tasks, plan.metrics)


def read_results(plan: Plan) -> Results:
    """Read what ``gather`` and ``train`` wrote; a fit that failed has no training curve."""
    layout = plan.layout
    fitted = [prior for prior in plan.learners if read_json(Path(layout.training(prior)))["status"] == "ok"]
    return Results(
        scores=read_table(Path(layout.result("scores"))),
        runs=read_table(Path(layout.result("runs"))),
        training={prior: pd.read_csv(layout.curve(prior)) for prior in fitted},
        parameters={prior.id: prior.parameters for prior in plan.priors.values()},
        names={prior.id: prior.spec.name for prior in plan.priors.values()},
        catalogue=catalogue(plan),
        material=PlannedMaterial(plan),
    )
