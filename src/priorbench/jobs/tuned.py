"""What finished tunings have chosen."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from priorbench.plan import Plan, PriorPlan
from priorbench.plan.tuning import Candidate, regime_of
from priorbench.specs.solver_settings import SolverSettings
from priorbench.store.files import read_json
from priorbench.store.outcome import OK


def solver_so_far(plan: Plan, prior: str) -> SolverSettings:
    """Return the settings of a prior's splitting, with those that tunings of the experiment have chosen already."""
    records = []
    for target in plan.tunings.of_prior(prior):
        path = Path(plan.layout.tuned(target, prior))
        if regime_of(target) and path.exists():
            records.append(read_json(path))
    return with_tuned(plan, prior, records).solver


def with_tuned(plan: Plan, prior: str, records: list[dict[str, Any]]) -> PriorPlan:
    """Return a prior with what was chosen for it.

    Args:
        plan: the experiment.
        prior: id of the prior.
        records: those of its tunings; one that failed changes nothing.
    """
    chosen = plan.prior(prior)
    for record in records:
        if record["status"] == OK:
            solver = SolverSettings.model_validate(record["solver"])
            chosen = chosen.tuned(Candidate(record["parameters"], solver))
    return chosen
