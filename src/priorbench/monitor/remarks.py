"""What must be said under tables before anything else: rows that don't belong together."""

from __future__ import annotations

import pandas as pd

from priorbench.monitor.outdated import outdated_notes
from priorbench.plan import Plan
from priorbench.store.environment import environment_notes


def remarks(plan: Plan, runs: pd.DataFrame, scores: pd.DataFrame) -> list[str]:
    """Return what must be said under tables of these rows, before anything else.

    Args:
        plan: the experiment.
        runs: rows of :data:`priorbench.results.schema.RUNS`.
        scores: rows of :data:`priorbench.results.schema.SCORES`.
    """
    environments = environment_notes(plan.layout.environments(), runs["environment"])
    return [*outdated_notes(plan, runs, scores), *environments]
