"""The exact posterior of a law as a prior: what no other can be better than on its images."""

from __future__ import annotations

import torch

from priorbench import NotApplicable
from priorbench.priors import Context, Prior, Restoration
from priorbench.problem import Problem
from priorbench.types import Image

from .laws import law
from .parameters import LawName


class Exact(Prior):
    """The posterior mean, and draws from the posterior, given the law that images come from.

    Args:
        law: its name.
    """

    def __init__(self, law: LawName) -> None:
        self.law = law

    @torch.no_grad()
    def restore(self, problem: Problem, context: Context) -> Restoration:
        """Return E[x | y].

        Raises:
            NotApplicable: the problem is not linear with Gaussian noise, or too large.
        """
        return Restoration(law(self.law).mean(_gaussian(problem), context).float())

    @torch.no_grad()
    def posterior_sample(self, problem: Problem, context: Context) -> Image:
        """Return a draw of x given y.

        Raises:
            NotApplicable: the problem is not linear with Gaussian noise, or too large.
        """
        return law(self.law).sample(_gaussian(problem), context).float()


def _gaussian(problem: Problem) -> Problem:
    """Return a problem, if its noise is Gaussian."""
    if problem.peak is not None:
        raise NotApplicable("the exact posterior is for Gaussian noise, not for Poisson noise")
    return problem
