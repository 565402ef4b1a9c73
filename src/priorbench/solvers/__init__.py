"""Solvers: each makes one kind of prior restore every linear problem."""

from __future__ import annotations

from collections.abc import Callable
from functools import singledispatch
from typing import TypeVar

import torch

from priorbench.priors import Context, Denoiser, Generator, PatchPrior, Prior, Restoration
from priorbench.problem import Problem
from priorbench.solvers.anscombe import restore_stabilised
from priorbench.solvers.epll import epll
from priorbench.solvers.latent import latent_search
from priorbench.solvers.plug_and_play import plug_and_play

Kind = TypeVar("Kind")

__all__ = ["epll", "latent_search", "plug_and_play", "restore"]


@singledispatch
def restore(prior: object, problem: Problem, context: Context) -> Restoration:
    """Restore ``problem`` with ``prior``, by the solver of the prior's kind.

    Raises:
        TypeError: the object is of no known kind of prior.
    """
    kinds = ", ".join(kind.__name__ for kind in restore.registry if kind is not object)
    raise TypeError(f"{type(prior).__qualname__} is no prior: it must subclass one of {kinds}")


@restore.register
def _(prior: Prior, problem: Problem, context: Context) -> Restoration:
    return prior.restore(problem, context)


@restore.register
@torch.no_grad()
def _(prior: PatchPrior, problem: Problem, context: Context) -> Restoration:
    return _gaussian(epll, prior, problem, context)


@restore.register
@torch.no_grad()
def _(prior: Denoiser, problem: Problem, context: Context) -> Restoration:
    return _gaussian(plug_and_play, prior, problem, context)


@restore.register
def _(prior: Generator, problem: Problem, context: Context) -> Restoration:
    return _gaussian(latent_search, prior, problem, context)


def _gaussian(
    solve: Callable[[Kind, Problem, Context], Restoration],
    prior: Kind,
    problem: Problem,
    context: Context,
) -> Restoration:
    """Solve a problem by a solver for Gaussian noise."""
    if problem.peak is None:
        return solve(prior, problem, context)
    return restore_stabilised(lambda stabilised: solve(prior, stabilised, context), problem)
