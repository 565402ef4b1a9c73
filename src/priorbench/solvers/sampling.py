"""Draws from the posterior: one image that y allows and the prior finds likely, at each call."""

from __future__ import annotations

from functools import partial, singledispatch

from priorbench.errors import NotApplicable
from priorbench.priors import Context, Denoiser, Generator, PatchPrior, Prior
from priorbench.problem import Problem
from priorbench.solvers.continuation import regime
from priorbench.solvers.latent_posterior import latent_draw
from priorbench.solvers.patch_draws import draw_of_patches
from priorbench.solvers.reverse_diffusion import reverse_diffusion
from priorbench.solvers.split_gibbs import split_gibbs
from priorbench.types import Image

__all__ = ["posterior_sample", "sample_by_generator"]


def posterior_sample(prior: object, problem: Problem, context: Context) -> Image:
    """Return a draw of x given y, by the sampler of the prior's kind.

    The generator of the context decides which one: draws with generators of different seeds are
    independent. Pixels that are observed without noise are as they were observed.

    Args:
        prior: the prior, fitted if it learns.
        problem: y, H and σ.
        context: randomness, progress.

    Raises:
        NotApplicable: the prior can't draw from its posterior, or not with this problem.
        TypeError: the object is of no known kind of prior.
    """
    x = draw(prior, problem, context)
    if problem.linear_operator is None or problem.sigma > 0 or regime(problem) != "missing":
        return x
    operator = problem.operator
    return x + operator.adjoint(operator.restrict(problem.y - operator.forward(x)))


@singledispatch
def draw(prior: object, problem: Problem, context: Context) -> Image:
    """Return a draw of x given y, by the sampler of the prior's kind.

    Raises:
        NotApplicable: the prior can't draw from its posterior, or not with this problem.
        TypeError: the object is of no known kind of prior.
    """
    kinds = ", ".join(kind.__name__ for kind in draw.registry if kind is not object)
    raise TypeError(f"{type(prior).__qualname__} is no prior: it must subclass one of {kinds}")


@draw.register
def _(prior: Prior, problem: Problem, context: Context) -> Image:
    return prior.posterior_sample(problem, context)


@draw.register
def _(prior: PatchPrior, problem: Problem, context: Context) -> Image:
    draw_image = partial(draw_of_patches, prior, generator=context.generator)
    return split_gibbs(draw_image, _gaussian(problem), context)


@draw.register
def _(prior: Denoiser, problem: Problem, context: Context) -> Image:
    most = prior.sigma_range[1]
    if problem.sigma > most:
        raise NotApplicable(f"its denoiser knows σ up to {most:g} only")
    draw_image = partial(reverse_diffusion, prior, generator=context.generator)
    return split_gibbs(draw_image, _gaussian(problem), context, most)


@draw.register
def sample_by_generator(prior: Generator, problem: Problem, context: Context) -> Image:
    """Return a draw of x given y by a generator's latent posterior; see :func:`.latent_draw`.

    For a :class:`.Prior` that is a generator as well.

    Raises:
        NotApplicable: the noise is Poisson.
    """
    draw_image = partial(latent_draw, prior, generator=context.generator)
    return split_gibbs(draw_image, _gaussian(problem), context)


def _gaussian(problem: Problem) -> Problem:
    """Return a problem, if its noise is Gaussian.

    Raises:
        NotApplicable: it is not.
    """
    if problem.peak is not None:
        raise NotApplicable("samples are drawn given observations with Gaussian noise only")
    return problem
