"""What finished tunings have chosen."""

from __future__ import annotations

from typing import Any

from priorbench.plan import Plan, PriorPlan
from priorbench.plan.tuning import Candidate
from priorbench.solver_settings import SolverSettings
from priorbench.stages.outcome import OK


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
