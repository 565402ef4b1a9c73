"""Draws from the posterior: one image that y allows and the prior finds likely, at each call."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial, singledispatch

from priorbench.errors import NotApplicable, unknown
from priorbench.operators import Identity
from priorbench.priors import Context, Denoiser, Generator, PatchPrior, Prior, Restoration
from priorbench.problem import Problem
from priorbench.solvers.anscombe import restore_stabilised
from priorbench.solvers.continuation import regime
from priorbench.solvers.diffpir import diffpir
from priorbench.solvers.dps import dps
from priorbench.solvers.langevin import langevin
from priorbench.solvers.latent_posterior import latent_draw
from priorbench.solvers.patch_draws import draw_of_patches
from priorbench.solvers.reverse_diffusion import reverse_diffusion
from priorbench.solvers.split_gibbs import ROUNDS, split_gibbs
from priorbench.specs.sampler import SAMPLERS, Sampler
from priorbench.types import Image

__all__ = ["posterior_sample", "sample_by_generator"]


DenoiserSampler = Callable[[Denoiser, Problem, Context], Image]
"""From a denoiser that returns the posterior mean and a problem with Gaussian noise to a draw."""


def posterior_sample(
    prior: object, problem: Problem, context: Context, sampler: Sampler = "gibbs"
) -> Image:
    """Return a draw of x given y, by the sampler of the prior's kind.

    The generator of the context decides which one: draws with generators of different seeds are
    independent. Pixels that are observed without noise are as they were observed.

    Args:
        prior: the prior, fitted if it learns.
        problem: y, H and σ.
        context: randomness, progress.
        sampler: how a denoiser draws; every other kind has one way of its own.

    Raises:
        NotApplicable: the prior can't draw from its posterior, or not with this problem.
        TypeError: the object is of no known kind of prior.
        ValueError: there is no such sampler.
    """
    if sampler not in SAMPLERS:
        raise ValueError(unknown("sampler", sampler, SAMPLERS))
    x = draw(prior, problem, context, sampler)
    if problem.linear_operator is None or problem.sigma > 0 or regime(problem) != "missing":
        return x
    operator = problem.operator
    return x + operator.adjoint(operator.restrict(problem.y - operator.forward(x)))


@singledispatch
def draw(prior: object, problem: Problem, context: Context, sampler: Sampler) -> Image:
    """Return a draw of x given y, by the sampler of the prior's kind.

    Raises:
        NotApplicable: the prior can't draw from its posterior, or not with this problem.
        TypeError: the object is of no known kind of prior.
    """
    kinds = ", ".join(kind.__name__ for kind in draw.registry if kind is not object)
    raise TypeError(f"{type(prior).__qualname__} is no prior: it must subclass one of {kinds}")


@draw.register
def _(prior: Prior, problem: Problem, context: Context, sampler: Sampler) -> Image:
    return prior.posterior_sample(problem, context)


@draw.register
def _(prior: PatchPrior, problem: Problem, context: Context, sampler: Sampler) -> Image:
    draw_image = partial(draw_of_patches, prior, generator=context.generator)
    return _stabilised(lambda gaussian: split_gibbs(draw_image, gaussian, context), problem)


@draw.register
def _(prior: Denoiser, problem: Problem, context: Context, sampler: Sampler) -> Image:
    if prior.estimator != "mmse":
        raise NotApplicable("a smoother is no posterior mean, which samples are drawn by")
    chosen = DENOISER_SAMPLERS[sampler]

    def sample(gaussian: Problem) -> Image:
        # y is x.
        if isinstance(gaussian.operator, Identity) and gaussian.sigma == 0:
            return gaussian.y
        return chosen(prior, gaussian, context)

    return _stabilised(sample, problem)


@draw.register
def _(prior: Generator, problem: Problem, context: Context, sampler: Sampler) -> Image:
    return sample_by_generator(prior, problem, context)


def sample_by_generator(prior: Generator, problem: Problem, context: Context) -> Image:
    """Return a draw of x given y by a generator's latent posterior; see :func:`.latent_draw`.

    For a :class:`.Prior` that is a generator as well.

    Raises:
        NotApplicable: the noise is Poisson, and H is not the identity.
    """
    draw_image = partial(latent_draw, prior, generator=context.generator)
    return _stabilised(lambda gaussian: split_gibbs(draw_image, gaussian, context), problem)


def gibbs(prior: Denoiser, problem: Problem, context: Context, *, rounds: int = ROUNDS) -> Image:
    """Return a draw of x given y by split Gibbs sampling with the denoiser's reverse diffusion.

    Args:
        prior: a denoiser that returns the posterior mean.
        problem: any linear problem with Gaussian noise.
        context: randomness, progress.
        rounds: see :func:`.split_gibbs`.

    Raises:
        NotApplicable: the denoiser knows less noise than y has.
    """
    most = prior.sigma_range[1]
    if problem.sigma > most:
        raise NotApplicable(f"its denoiser knows σ up to {most:g} only")
    draw_image = partial(reverse_diffusion, prior, generator=context.generator)
    return split_gibbs(draw_image, problem, context, most, rounds)


DENOISER_SAMPLERS: dict[Sampler, DenoiserSampler] = {
    "gibbs": gibbs,
    "diffpir": diffpir,
    "dps": dps,
    "langevin": langevin,
}


def _stabilised(sample: Callable[[Problem], Image], problem: Problem) -> Image:
    """Return a draw by a sampler for Gaussian noise.

    Stabilised counts are 2√(k + 3/8) = F(λ) + n with n close to white noise and F(λ) their mean. A
    draw of F(λ) is one of the intensities λ, pixel by pixel, by the inverse of F: the exact
    unbiased one. The algebraic inverse of 2√(k + 3/8) would give a quarter of a photon less.

    Raises:
        NotApplicable: the noise is Poisson, and H is not the identity.
    """
    if problem.peak is None:
        return sample(problem)
    restored = restore_stabilised(lambda gaussian: Restoration(sample(gaussian)), problem)
    return restored.image
