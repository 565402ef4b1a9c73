"""Each sampler draws by its own law, known where the denoiser is linear, and near the posterior.

Images are 8 × 8, of a Gaussian law with a smooth covariance, whose denoiser is the Wiener filter.
All samplers are then affine: mean and covariance of their draws follow from matrices.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import pytest
import torch
from torch import Tensor

from priorbench.errors import NotApplicable
from priorbench.operators import Blur, Identity, LinearOperator, Mask
from priorbench.priors import Context, Denoiser
from priorbench.problem import Problem
from priorbench.solvers.diffpir import RATIO as DIFFPIR_RATIO
from priorbench.solvers.diffpir import WEIGHT, ZETA, diffpir
from priorbench.solvers.dps import RATIO as DPS_RATIO
from priorbench.solvers.dps import data_slope, dps
from priorbench.solvers.langevin import LEVEL, STEPS, langevin, step_size
from priorbench.solvers.reverse_diffusion import FIRST, LAST, noise_levels
from priorbench.solvers.sampling import posterior_sample
from priorbench.specs import SAMPLERS, Sampler

SIDE, SIGMA, DRAWS = 8, 0.1, 4000
PIXELS = SIDE * SIDE
SHAPE = (1, SIDE, SIDE)
EYE = torch.eye(PIXELS, dtype=torch.float64)
UNITS = EYE.view(PIXELS, *SHAPE)
KERNEL = torch.tensor([[0.1, 0.2, 0.1], [0.1, 0.2, 0.1], [0.0, 0.2, 0.0]], dtype=torch.float64)
OPERATORS: dict[str, Callable[[], LinearOperator]] = {
    "identity": lambda: Identity(SHAPE),
    "mask": lambda: Mask(torch.arange(PIXELS).view(SHAPE) % 3 > 0),
    "blur": lambda: Blur(KERNEL, SHAPE),
}


def smooth_covariance() -> Tensor:
    """Return exp(−distance / 3) between pixels, with the deviation 0.2."""
    places = torch.cartesian_prod(torch.arange(SIDE), torch.arange(SIDE)).double()
    return 0.2**2 * torch.exp(-torch.cdist(places, places) / 3)


class Wiener(Denoiser):
    """The posterior mean of N(½, C): D(x) = ½ + C (C + s²I)⁻¹ (x − ½)."""

    def __init__(self, covariance: Tensor) -> None:
        self.covariance = covariance
        self.calls = 0

    def matrix(self, sigma: float) -> Tensor:
        return torch.linalg.solve(self.covariance + sigma**2 * EYE, self.covariance)

    def denoise(self, image, sigma):
        self.calls += 1
        return 0.5 + ((image - 0.5).flatten(1) @ self.matrix(sigma).to(image.dtype)).view_as(image)


class Flat(Denoiser):
    """The posterior mean where nothing is known of images before."""

    def denoise(self, image, sigma):
        return image.clone()


SMOOTH = Wiener(smooth_covariance())


@dataclass(frozen=True)
class Law:
    """A Gaussian law: mean, D, and covariance, D × D."""

    mean: Tensor
    covariance: Tensor

    def moved(self, matrix: Tensor, shift: Tensor, noise: float) -> Law:
        """Return the law of Ax + b + σn."""
        covariance = matrix @ self.covariance @ matrix.mT + noise**2 * EYE
        return Law(matrix @ self.mean + shift, covariance)


def observed(operator: LinearOperator, sigma: float = SIGMA, count: int = 1) -> Problem:
    """Return an observed image of the law, ``count`` times beside itself."""
    generator = torch.Generator().manual_seed(0)
    root = torch.linalg.cholesky(SMOOTH.covariance)
    x = 0.5 + (root @ torch.randn(PIXELS, generator=generator, dtype=torch.float64)).view(1, *SHAPE)
    y = operator.forward(x)
    noise = sigma * torch.randn(y.shape, generator=generator, dtype=torch.float64)
    return Problem((y + operator.restrict(noise)).expand(count, -1, -1, -1), operator, sigma)


def dense(operator: LinearOperator) -> Tensor:
    return operator.forward(UNITS).flatten(1).mT


def posterior(problem: Problem, covariance: Tensor) -> Law:
    """Return the law of x ~ N(½, C) given y."""
    h, y = dense(problem.operator), problem.y[0].flatten()
    precision = h.mT @ h / problem.sigma**2 + torch.linalg.inv(covariance)
    known = torch.linalg.inv(precision)
    return Law(0.5 + known @ h.mT @ (y - h.sum(1) / 2) / problem.sigma**2, known)


def first_law(problem: Problem) -> Law:
    return Law(problem.estimate()[0].flatten(), FIRST**2 * EYE)


def diffpir_law(problem: Problem, ratio: float) -> Law:
    """Return the law of DiffPIR's draws."""
    h, y, law = dense(problem.operator), problem.y[0].flatten(), first_law(problem)
    for level, following in pairwise(noise_levels(FIRST, ratio)):
        weight = WEIGHT * problem.sigma**2 / level**2
        solve = torch.linalg.inv(h.mT @ h + weight * EYE)
        denoise = SMOOTH.matrix(level)
        matrix = weight * solve @ denoise
        shift = solve @ (h.mT @ y + weight * (EYE - denoise).sum(1) / 2)
        kept = math.sqrt(1 - ZETA) * following / level
        law = law.moved(
            matrix + kept * (EYE - matrix), (1 - kept) * shift, following * math.sqrt(ZETA)
        )
    return law


def dps_law(problem: Problem, denoise: Callable[[float], Tensor], ratio: float) -> Law:
    """Return the law of the draws of diffusion posterior sampling."""
    h, y, law = dense(problem.operator), problem.y[0].flatten(), first_law(problem)
    norm = float(torch.linalg.matrix_norm(h, 2))
    for level, following in pairwise(noise_levels(FIRST, ratio)):
        matrix, kept = denoise(level), (following / level) ** 2
        gray = (EYE - matrix).sum(1) / 2
        pull = (
            (level**2 - following**2) / (problem.sigma**2 + norm**2 * level**2) * matrix.mT @ h.mT
        )
        law = law.moved(
            matrix + kept * (EYE - matrix) - pull @ h @ matrix,
            (1 - kept) * gray + pull @ (y - h @ gray),
            following * math.sqrt(1 - kept),
        )
    return law


def langevin_law(problem: Problem) -> Law:
    """Return the law that the chain settles to, of N(μ, P⁻¹): N(μ, (P − δP²/2)⁻¹)."""
    smoothed = posterior(problem, SMOOTH.covariance + LEVEL**2 * EYE)
    precision = torch.linalg.inv(smoothed.covariance)
    norm = float(torch.linalg.matrix_norm(dense(problem.operator), 2))
    delta = step_size(norm, problem.sigma, LEVEL)
    return Law(smoothed.mean, torch.linalg.inv(precision - delta * precision @ precision / 2))


def assert_drawn_by(law: Law, drawn: Tensor) -> None:
    """Draws of a law: mean and covariance within five standard errors, whitened by the law."""
    root = torch.linalg.cholesky(law.covariance)
    white = torch.linalg.solve_triangular(root, (drawn - law.mean).mT, upper=False)
    error = 1 / math.sqrt(drawn.shape[0])
    assert float(white.mean(1).abs().max()) < 5 * error
    assert float((white @ white.mT / len(drawn) - EYE).abs().max()) < 5 * math.sqrt(2) * error


def distance(law: Law, other: Law) -> tuple[float, float]:
    """Return the error of the mean over the deviation of the other, and the share of variance."""
    whole = other.covariance.trace()
    error = (law.mean - other.mean).norm() / whole.sqrt()
    return float(error), float(law.covariance.trace() / whole)


@pytest.mark.parametrize("operator", OPERATORS)
def test_diffpir_draws_by_its_law_which_is_near_the_posterior(operator):
    problem = observed(OPERATORS[operator](), count=DRAWS)
    law = diffpir_law(problem, DIFFPIR_RATIO)
    assert_drawn_by(law, diffpir(SMOOTH, problem, Context.seeded(0)).flatten(1))
    error, share = distance(law, posterior(problem, SMOOTH.covariance))
    assert error < 0.3
    assert 0.85 < share < 1.25


@pytest.mark.parametrize("operator", OPERATORS)
def test_dps_draws_by_its_law_which_is_near_the_posterior(operator):
    problem = observed(OPERATORS[operator](), count=DRAWS)
    law = dps_law(problem, SMOOTH.matrix, DPS_RATIO)
    assert_drawn_by(law, dps(SMOOTH, problem, Context.seeded(0)).flatten(1))
    error, share = distance(law, posterior(problem, SMOOTH.covariance))
    assert error < 0.4
    assert 0.85 < share < 1.25


def test_dps_tends_to_the_posterior_of_a_flat_prior():
    problem = observed(Identity(SHAPE))
    truth = Law(problem.y.flatten(), SIGMA**2 * EYE)
    ratios = (0.9, 0.99, 0.999)
    laws = [dps_law(problem, lambda _: EYE, ratio) for ratio in ratios]
    # The start is y: the mean is that of the posterior at once.
    assert max(distance(law, truth)[0] for law in laws) < 1e-9
    # The start lacks the noise of y, and the last level is removed at once.
    start, end = (SIGMA**2 / (SIGMA**2 + level**2) for level in (FIRST, LAST))
    limit = end - start**2
    assert limit == pytest.approx(1, abs=0.02)
    misses = [abs(distance(law, truth)[1] - limit) for law in laws]
    # Of the first order in the size of the steps.
    for ratio, missed in zip(ratios, misses, strict=True):
        assert missed == pytest.approx(1 - ratio, rel=0.1)
    drawn = dps(Flat(), observed(Identity(SHAPE), count=DRAWS), Context.seeded(0), ratio=0.9)
    assert_drawn_by(laws[0], drawn.flatten(1))


@pytest.mark.parametrize("operator", OPERATORS)
def test_langevin_settles_to_its_law_which_is_near_the_posterior(operator):
    problem = observed(OPERATORS[operator](), count=DRAWS // 4)
    law = langevin_law(problem)
    drawn = langevin(SMOOTH, problem, Context.seeded(0), steps=2 * STEPS).flatten(1)
    assert_drawn_by(law, drawn)
    error, share = distance(law, posterior(problem, SMOOTH.covariance))
    assert error < 0.1
    assert 1 < share < 1.25


def test_langevin_tends_to_the_smoothed_posterior_as_steps_get_small():
    # A prior that knows images better than s has the steepest score, 1/s².
    sure = Wiener(1e-3**2 * EYE)
    problem = observed(Identity(SHAPE), count=DRAWS // 4)
    truth = posterior(problem, sure.covariance + LEVEL**2 * EYE).covariance
    precision = torch.linalg.inv(truth)
    shares = []
    for step in (1.5, 0.3, 0.05):
        drawn = langevin(sure, problem, Context.seeded(0), step=step, steps=int(10 / step))
        delta = step_size(1.0, SIGMA, LEVEL, step)
        known = torch.linalg.inv(EYE - delta * precision / 2).trace() / PIXELS
        share = (drawn.flatten(1).mT.cov() @ precision).trace() / PIXELS
        assert float(share) == pytest.approx(float(known), rel=0.03)
        shares.append(float(known))
    assert shares == sorted(shares, reverse=True)
    assert shares[0] > 3
    assert 1 < shares[-1] < 1.03


@pytest.mark.parametrize("operator", OPERATORS)
def test_the_slope_of_dps_is_that_of_differences(operator):
    class Curved(Denoiser):
        def denoise(self, image, sigma):
            return image - sigma * torch.tanh(image.roll(1, -1) * image / (0.1 + sigma))

    problem = observed(OPERATORS[operator]())
    generator = torch.Generator().manual_seed(1)
    x = 0.5 + 0.2 * torch.randn(1, *SHAPE, generator=generator, dtype=torch.float64)

    def misfit(image: Tensor) -> float:
        clean = Curved().denoise(image, 0.2)
        return float((problem.y - problem.operator.forward(clean)).square().sum()) / 2

    clean, slope = data_slope(Curved(), problem, x, 0.2)
    assert torch.equal(clean, Curved().denoise(x, 0.2))
    h = 1e-6
    differences = [
        (misfit(x + h * unit) - misfit(x - h * unit)) / (2 * h) for unit in UNITS[:, None]
    ]
    torch.testing.assert_close(slope.flatten(), torch.tensor(differences, dtype=torch.float64))


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_a_seed_gives_one_draw_and_progress_ends_at_1(sampler: Sampler):
    problem = observed(OPERATORS["blur"]())
    done: list[float] = []
    one = posterior_sample(SMOOTH, problem, Context.seeded(4, progress=done.append), sampler)
    again = posterior_sample(SMOOTH, problem, Context.seeded(4), sampler)
    other = posterior_sample(SMOOTH, problem, Context.seeded(5), sampler)
    assert torch.equal(one, again)
    assert not torch.isclose(one, other).any()
    assert done == sorted(done)
    assert done[-1] == pytest.approx(1)


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_what_is_observed_without_noise_is_kept(sampler: Sampler):
    mask = OPERATORS["mask"]()
    problem = observed(mask, 0.0)
    one, other = (posterior_sample(SMOOTH, problem, Context.seeded(n), sampler) for n in (0, 1))
    seen = mask.restrict(torch.ones_like(problem.y)) > 0
    torch.testing.assert_close(one[seen], problem.y[seen])
    assert not torch.isclose(one[~seen], other[~seen]).any()
    known = observed(Identity(SHAPE), 0.0)
    assert torch.equal(posterior_sample(SMOOTH, known, Context.seeded(0), sampler), known.y)


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_a_blurred_image_without_noise_is_agreed_with(sampler: Sampler):
    problem = observed(OPERATORS["blur"](), 0.0)
    drawn = posterior_sample(SMOOTH, problem, Context.seeded(0), sampler)
    error = problem.operator.forward(drawn) - problem.y
    assert float(error.square().mean().sqrt()) < 0.005


@pytest.mark.parametrize("sampler", ["diffpir", "dps", "langevin"])
def test_a_denoiser_is_asked_for_levels_that_it_knows(sampler: Sampler):
    class Narrow(Wiener):
        sigma_range = (0.03, 0.2)

        def denoise(self, image, sigma):
            asked.append(sigma)
            return super().denoise(image, sigma)

    asked: list[float] = []
    narrow = Narrow(SMOOTH.covariance)
    drawn = posterior_sample(narrow, observed(OPERATORS["mask"]()), Context.seeded(0), sampler)
    assert min(asked) == 0.03
    assert max(asked) == (0.03 if sampler == "langevin" else 0.2)
    assert drawn.isfinite().all()


class ByNumpy(Denoiser):
    """Leaves torch."""

    def denoise(self, image, sigma):
        return torch.from_numpy(image.numpy().copy())


class Detached(Denoiser):
    """Gives no gradient."""

    @torch.no_grad()
    def denoise(self, image, sigma):
        return image / (1 + sigma)


class InPlace(Denoiser):
    """Changes a view of its argument's pixels."""

    def denoise(self, image, sigma):
        image[0, 0, 0] += 1
        return image


class Broken(Denoiser):
    """Fails for a reason of its own."""

    def denoise(self, image, sigma):
        raise RuntimeError("out of luck")


@pytest.mark.parametrize("prior", [ByNumpy(), Detached(), InPlace()])
def test_dps_is_not_applicable_where_torch_can_not_differentiate(prior: Denoiser):
    words = rf"can't differentiate {type(prior).__name__}\.denoise"
    with pytest.raises(NotApplicable, match=words):
        posterior_sample(prior, observed(Identity(SHAPE)), Context.seeded(0), "dps")


def test_an_error_of_the_denoiser_stays_its_own():
    with pytest.raises(RuntimeError, match="out of luck"):
        posterior_sample(Broken(), observed(Identity(SHAPE)), Context.seeded(0), "dps")


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_a_smoother_is_refused_by_all(sampler: Sampler):
    class Smoother(Flat):
        estimator = "smoother"

    with pytest.raises(NotApplicable, match="no posterior mean"):
        posterior_sample(Smoother(), observed(Identity(SHAPE)), Context.seeded(0), sampler)


def test_an_unknown_sampler_is_named(unchecked):
    with pytest.raises(ValueError, match="unknown sampler 'diffpri'; did you mean 'diffpir'"):
        posterior_sample(Flat(), observed(Identity(SHAPE)), Context.seeded(0), "diffpri")
