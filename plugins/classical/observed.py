"""The honest floor: do nothing, or as little as possible."""

from __future__ import annotations

from priorbench.priors import Context, Prior, Restoration
from priorbench.problem import Problem


class Observed(Prior):
    """The operator's first estimate: the observation, with missing pixels interpolated."""

    def restore(self, problem: Problem, context: Context) -> Restoration:
        """Return the operator's estimate of x from y alone."""
        return Restoration(problem.operator.estimate(problem.y))
