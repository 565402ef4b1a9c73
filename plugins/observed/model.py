"""The baseline: the observation itself, interpolated where pixels are missing."""

from __future__ import annotations

from priorbench.priors import Context, Prior, Restoration
from priorbench.problem import Problem


class Observed(Prior):
    """The observation as an image: interpolated, enlarged, continued over unseen borders."""

    def restore(self, problem: Problem, context: Context) -> Restoration:
        """Return the operator's estimate from y alone."""
        return Restoration(problem.estimate())
