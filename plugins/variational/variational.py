"""A prior that minimises the data term and a regulariser together."""

from __future__ import annotations

from abc import abstractmethod

import torch

from priorbench.priors import Context, Prior, Restoration
from priorbench.problem import Problem
from priorbench.solvers.anscombe import restore_stabilised

__all__ = ["Variational"]


class Variational(Prior):
    r"""x̂ = argmin_x ½‖Hx − y‖² + μ R(x) for any linear H, with the data term as it is.

    Poisson noise, which needs H = I, is made Gaussian; see :func:`.restore_stabilised`.
    """

    @torch.no_grad()
    def restore(self, problem: Problem, context: Context) -> Restoration:
        """Return the minimiser.

        Raises:
            NotApplicable: the problem has no linear operator, or Poisson noise with one that mixes
                or drops pixels.
        """
        if problem.peak is None:
            return self.minimise(problem, context)
        return restore_stabilised(lambda gaussian: self.minimise(gaussian, context), problem)

    @abstractmethod
    def minimise(self, problem: Problem, context: Context) -> Restoration:
        """Return the minimiser of a problem with Gaussian noise."""
