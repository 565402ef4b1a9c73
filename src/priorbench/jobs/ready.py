"""Priors that are ready to restore: tuned, built and loaded."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from priorbench.jobs.worker import out_of_sight
from priorbench.plan import Plan, PriorPlan
from priorbench.plan.tuning import Candidate, regime_of
from priorbench.seeds import derive_seed, seed_everything
from priorbench.specs.solver_settings import SolverSettings
from priorbench.store.files import read_json
from priorbench.store.status import Status


def with_tuned(plan: Plan, prior: str, tunings: Iterable[Path]) -> PriorPlan:
    """Return a prior with what was chosen for it.

    Args:
        plan: the experiment.
        prior: id of the prior.
        tunings: the files of its tunings; one that failed changes nothing.
    """
    chosen = plan.prior(prior)
    for record in map(read_json, tunings):
        if record["status"] == Status.OK:
            solver = SolverSettings.model_validate(record["solver"])
            chosen = chosen.tuned(Candidate(record["parameters"], solver))
    return chosen


def solver_so_far(plan: Plan, prior: str) -> SolverSettings:
    """Return the settings of a prior's splitting, with those that tunings have chosen already."""
    targets = [target for target in plan.tunings.of_prior(prior) if regime_of(target)]
    files = [plan.layout.tuned(target, prior) for target in targets]
    return with_tuned(plan, prior, [file for file in files if file.exists()]).solver


def ready(plan: Plan, prior: PriorPlan) -> Any:
    """Return the object of a prior, built with a seed of its own and with its model loaded.

    Raises:
        Exception: whatever the prior raises.
    """
    seed_everything(derive_seed(plan.experiment.seed, "build", prior.id))
    built = prior.build()
    if prior.spec.learns:
        model = plan.layout.model(prior.id).absolute()
        with out_of_sight():
            built.load(model)
    return built
