"""Draws from the posterior have its mean and its covariance, where both are known."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch

from priorbench.errors import NotApplicable
from priorbench.operators import Blur, Identity, LinearOperator, Mask
from priorbench.priors import Context, Denoiser, Generator, PatchPrior, Prior, Restoration
from priorbench.problem import Problem
from priorbench.solvers.anscombe import anscombe, inverse_anscombe
from priorbench.solvers.latent_posterior import draw_tiles, elliptical_slice
from priorbench.solvers.sampling import posterior_sample
from priorbench.solvers.split_gibbs import data_draw
from priorbench.specs import SAMPLERS
from priorbench.types import Image

SIDE, SIGMA, DEVIATION = 8, 0.1, 0.2


def image(*shape: int) -> Image:
    return torch.full((1, *shape), 0.5)


class White(Denoiser):
    """The posterior mean of pixels that are independent and N(½, 0.2²)."""

    def denoise(self, image, sigma):
        return 0.5 + DEVIATION**2 / (DEVIATION**2 + sigma**2) * (image - 0.5)


class WhitePatches(PatchPrior):
    """Patches of such pixels."""

    patch_size = 4

    def log_prob(self, patches):
        raise AssertionError("not asked for")

    def map_estimate(self, patches, noise_variance):
        raise AssertionError("not asked for")

    def posterior_sample(self, patches, noise_variance, generator):
        weight = DEVIATION**2 / (DEVIATION**2 + noise_variance)
        noise = torch.randn(patches.shape, generator=generator)
        return 0.5 + weight * (patches - 0.5) + (weight * noise_variance) ** 0.5 * noise


def observed(operator: LinearOperator, sigma: float = SIGMA) -> Problem:
    generator = torch.Generator().manual_seed(0)
    x = 0.5 + DEVIATION * torch.randn(1, 1, SIDE, SIDE, generator=generator)
    y = operator.forward(x)
    noise = sigma * torch.randn(y.shape, generator=generator)
    return Problem(y + operator.restrict(noise), operator, sigma)


def posterior(problem: Problem) -> tuple[torch.Tensor, torch.Tensor]:
    """Return mean and covariance of x given y by dense matrices."""
    pixels = SIDE * SIDE
    units = torch.eye(pixels).view(pixels, 1, SIDE, SIDE)
    h = problem.operator.forward(units).flatten(1).mT.double()
    precision = h.mT @ h / problem.sigma**2 + torch.eye(pixels) / DEVIATION**2
    covariance = torch.linalg.inv(precision)
    y = problem.y.double().flatten()
    right = h.mT @ y / problem.sigma**2 + 0.5 / DEVIATION**2
    return covariance @ right, covariance


def draws(prior: object, problem: Problem, count: int) -> torch.Tensor:
    """Return draws, count × D."""
    contexts = map(Context.seeded, range(count))
    drawn = [posterior_sample(prior, problem, context).flatten() for context in contexts]
    return torch.stack(drawn).double()


KERNEL = torch.tensor([[0.1, 0.2, 0.1], [0.1, 0.2, 0.1], [0.0, 0.2, 0.0]])
OPERATORS: dict[str, Callable[[], LinearOperator]] = {
    "identity": lambda: Identity((1, SIDE, SIDE)),
    "mask": lambda: Mask(torch.arange(SIDE * SIDE).view(1, SIDE, SIDE) % 3 > 0),
    "blur": lambda: Blur(KERNEL, (1, SIDE, SIDE)),
}


@pytest.mark.parametrize("prior", [White(), WhitePatches()], ids=["denoiser", "patches"])
@pytest.mark.parametrize("operator", OPERATORS)
def test_draws_have_the_mean_and_the_variance_of_the_posterior(operator, prior):
    problem = observed(OPERATORS[operator]())
    mean, covariance = posterior(problem)
    drawn = draws(prior, problem, 50)
    error = (drawn.mean(0) - mean) / covariance.diagonal().sqrt()
    assert error.square().mean().sqrt() < 0.25
    spread = drawn.var(0) / covariance.diagonal()
    assert float(spread.mean()) == pytest.approx(1.0, abs=0.1)


def test_a_draw_from_the_data_is_exact():
    problem = observed(OPERATORS["blur"]())
    z = torch.full((1, 1, SIDE, SIDE), 0.5)
    generator = torch.Generator().manual_seed(0)
    drawn = torch.stack(
        [data_draw(problem, z, SIGMA, 0.2, generator).flatten() for _ in range(2000)]
    )
    # The coupling of width 0.2 is the prior of pixels above.
    mean, covariance = posterior(problem)
    assert (drawn.mean(0) - mean).abs().max() < 0.02
    assert (drawn.double().mT.cov() - covariance).abs().max() < 0.005


def test_what_is_observed_without_noise_is_kept():
    mask = OPERATORS["mask"]()
    problem = observed(mask, 0.0)
    drawn = draws(White(), problem, 2)
    seen = mask.restrict(torch.ones_like(problem.y)).flatten() > 0
    torch.testing.assert_close(drawn[0][seen], problem.y.flatten()[seen].double())
    assert not torch.isclose(drawn[0][~seen], drawn[1][~seen]).any()


def test_a_seed_gives_one_draw():
    problem = observed(OPERATORS["mask"]())
    one, again = (posterior_sample(White(), problem, Context.seeded(4)) for _ in range(2))
    assert torch.equal(one, again)


def test_colour_is_drawn_in_opponent_planes():
    generator = torch.Generator().manual_seed(0)
    y = 0.5 + DEVIATION * torch.randn(1, 3, 64, 64, generator=generator)
    problem = Problem(y, Identity((3, 64, 64)), 1e-3)
    drawn = posterior_sample(WhitePatches(), problem, Context.seeded(0))
    assert float((drawn - y).std()) == pytest.approx(1e-3, rel=0.05)


class Tiles(Generator):
    """Tiles z₁ a + z₂ b + white noise of 0.05 with two patterns."""

    tile_size, latent_size = SIDE, 2

    def __init__(self):
        ramp = torch.linspace(-0.3, 0.3, SIDE)
        self.patterns = torch.stack([ramp.expand(SIDE, SIDE), ramp[:, None].expand(SIDE, SIDE)])

    def decode(self, z):
        return torch.einsum("nl,lij->nij", z, self.patterns)

    def deviation(self, z):
        return 0.05


def test_a_generator_draws_codes_that_explain_the_observation():
    generator = torch.Generator().manual_seed(0)
    prior, code = Tiles(), torch.tensor([[1.5, -1.0]])
    y = prior.decode(code) + SIGMA * torch.randn(1, SIDE, SIDE, generator=generator)
    drawn = draw_tiles(prior, y.expand(2000, -1, -1), SIGMA, generator).flatten(1).double()
    # Mean-free tiles are Gaussian with the covariance P + 0.05² I, and the mean of a tile is free.
    basis = prior.patterns.flatten(1).double()
    free = 1e4 * torch.ones(64, 64) / 64
    known = basis.mT @ basis + 0.05**2 * (torch.eye(64) - torch.ones(64, 64) / 64) + free
    gain = known @ torch.linalg.inv(known + SIGMA**2 * torch.eye(64))
    covariance = known - gain @ known
    assert (drawn.mean(0) - gain @ y.flatten().double()).abs().max() < 0.01
    assert (drawn.mT.cov() - covariance).abs().max() < 4e-4


def test_a_generator_draws_images_of_any_size():
    problem = Problem(image(3, 11, 21), Identity((3, 11, 21)), SIGMA)
    drawn = posterior_sample(Tiles(), problem, Context.seeded(0))
    assert drawn.shape == (1, 3, 11, 21)
    assert (drawn - 0.5).std() < 2 * SIGMA


def test_elliptical_slices_leave_the_posterior_as_it_is():
    # N(0, 1) seen through N(·, ½²) at 1: N(0.8, 0.2).
    generator = torch.Generator().manual_seed(0)
    z = torch.zeros(4000, 1)
    for _ in range(12):
        z = elliptical_slice(lambda codes, _: -2 * (codes[:, 0] - 1).square(), z, generator)
    assert float(z.mean()) == pytest.approx(0.8, abs=0.03)
    assert float(z.var()) == pytest.approx(0.2, abs=0.02)


def counted_posterior(peak: float, counts: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Return mean and variance of λ/peak given k = 0 … counts − 1, by quadrature.

    k ~ Poisson(λ), where the stabilised intensity, on [0, 1] for λ from 0 to the peak, is that of
    ``White``.
    """
    least, most = anscombe(torch.tensor([0.0, peak], dtype=torch.float64))
    u = 0.5 + DEVIATION * torch.linspace(-8, 8, 20_001, dtype=torch.float64)
    intensity = inverse_anscombe(least + u * (most - least))
    k = torch.arange(counts, dtype=torch.float64)[:, None]
    logarithm = torch.xlogy(k, intensity) - intensity - ((u - 0.5) / DEVIATION).square() / 2
    weight = torch.softmax(logarithm, 1)
    mean = weight @ intensity
    variance = weight @ intensity.square() - mean.square()
    return mean / peak, variance / peak**2


@pytest.mark.parametrize("prior", [White(), WhitePatches()], ids=["denoiser", "patches"])
def test_draws_given_counts_have_the_posterior_of_their_intensity(prior):
    peak, counts = 60.0, 60
    mean, variance = counted_posterior(peak, counts)
    # Counts that the prior makes likely, each for many pixels.
    k = torch.arange(8, 56)
    y = (k / peak).repeat_interleave(4000).view(1, 1, 300, -1)
    problem = Problem(y, Identity((1, *y.shape[2:])), float((y / peak).mean().sqrt()), peak)
    drawn = posterior_sample(prior, problem, Context.seeded(0)).view(len(k), -1).double()
    deviation = variance[k].sqrt()
    errors = (drawn.mean(1) - mean[k]) / deviation
    assert float(errors.abs().max()) < 0.1
    assert float(errors.mean().abs()) < 0.02
    shares = drawn.var(1) / variance[k]
    assert float((shares - 1).abs().max()) < 0.15
    assert float(shares.mean()) == pytest.approx(1, abs=0.05)
    # The algebraic inverse gives a quarter of a photon less.
    shift = 0.25 / peak / deviation
    assert float(shift.min()) > 5 * float(errors.mean().abs())


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_no_photons_at_all_are_no_certainty(sampler):
    # The root mean square of Poisson noise is 0 where nothing was counted.
    problem = Problem(torch.zeros(1, 1, 64, 64), Identity((1, 64, 64)), 0.0, peak=60.0)
    drawn = posterior_sample(White(), problem, Context.seeded(0), sampler)
    assert float(drawn.mean()) > 0
    assert float(drawn.std()) > 0


class Still(Prior):
    """Draws nothing."""

    def restore(self, problem: Problem, context: Context) -> Restoration:
        raise AssertionError("not asked for")


class Smoother(White):
    """A posterior mean that says it is none."""

    estimator = "smoother"


class Narrow(White):
    """A network for little noise."""

    sigma_range = (0.0, 0.05)


@pytest.mark.parametrize(
    ("prior", "problem", "words"),
    [
        (Still(), Problem(image(1, 8, 8), Identity((1, 8, 8)), 0.1), "Still draws no samples"),
        (Smoother(), Problem(image(1, 8, 8), Identity((1, 8, 8)), 0.1), "no posterior mean"),
        (Narrow(), Problem(image(1, 8, 8), Identity((1, 8, 8)), 0.1), "knows σ up to 0.05"),
        (White(), Problem(image(1, 8, 8), OPERATORS["mask"](), 0.1, peak=9), "observed directly"),
        (WhitePatches(), Problem(image(1, 3, 9), Identity((1, 3, 9)), 0.1), "at least 4 pixels"),
        (object(), Problem(image(1, 8, 8), Identity((1, 8, 8)), 0.1), "object is no prior"),
    ],
)
def test_what_can_not_be_drawn_is_said(prior, problem, words):
    with pytest.raises((NotApplicable, TypeError, ValueError), match=words):
        posterior_sample(prior, problem, Context.seeded(0))
