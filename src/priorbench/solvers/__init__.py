"""Solvers: what turns a kind of prior into a restoration."""

from __future__ import annotations

from functools import singledispatch

import torch

from priorbench.priors import Context, Denoiser, Generator, PatchPrior, Prior, Restoration
from priorbench.problem import Problem
from priorbench.solvers.anscombe import restore_stabilised
from priorbench.solvers.epll import epll
from priorbench.solvers.latent import latent_search
from priorbench.solvers.plug_and_play import plug_and_play

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
    if problem.peak is not None:
        return restore_stabilised(lambda gaussian: epll(prior, gaussian, context), problem)
    return epll(prior, problem, context)


@restore.register
@torch.no_grad()
def _(prior: Denoiser, problem: Problem, context: Context) -> Restoration:
    if problem.peak is not None:
        return restore_stabilised(lambda gaussian: plug_and_play(prior, gaussian, context), problem)
    return plug_and_play(prior, problem, context)


@restore.register
def _(prior: Generator, problem: Problem, context: Context) -> Restoration:
    if problem.peak is not None:
        return restore_stabilised(lambda gaussian: latent_search(prior, gaussian, context), problem)
    return latent_search(prior, problem, context)
