"""What the solvers converge to, where theory says it.

Everything is computed in float64 with small images, so that a dense solve, a long run or another
algorithm gives the answer to compare with.
"""

from __future__ import annotations

from functools import cache
from itertools import pairwise

import pytest
import torch
from skimage.restoration import denoise_tv_chambolle
from torch import Tensor

from priorbench.numerics.tiles import Tiling
from priorbench.operators import (
    Blur,
    Composition,
    DecimatedBlur,
    Downsample,
    Identity,
    LinearOperator,
    Mask,
    RandomProjection,
)
from priorbench.priors import Context, Denoiser, Generator, PatchPrior
from priorbench.problem import Problem
from priorbench.solvers import epll, latent_search, plug_and_play
from priorbench.solvers.continuation import Schedule, fidelity_weight

SIDE = 8
SHAPE = (1, SIDE, SIDE)
SIGMA = 0.1


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def kernel(size: int) -> Tensor:
    taps = torch.rand(size, size, generator=seeded(1), dtype=torch.float64)
    return taps / taps.sum()


def known(seed: int = 2) -> Tensor:
    return torch.rand(SHAPE, generator=seeded(seed)) < 0.5


def operators() -> dict[str, LinearOperator]:
    signs = torch.rand(SIDE, SIDE, generator=seeded(3)) < 0.5
    rows = torch.randperm(SIDE * SIDE, generator=seeded(4))[: SIDE * SIDE // 4]
    blur = Blur(kernel(3), SHAPE)
    made = {
        "identity": Identity(SHAPE),
        "mask": Mask(known()),
        "blur": blur,
        "valid blur": Blur(kernel(3), SHAPE, "valid"),
        "downsample": Downsample(SHAPE, 2),
        "decimated blur": DecimatedBlur(kernel(3), SHAPE, 2),
        "random projection": RandomProjection(signs, rows),
        "composition": Composition(Mask(known(5)), blur),
    }
    return {name: operator.to(dtype=torch.float64) for name, operator in made.items()}


OPERATORS = operators()
every_operator = pytest.mark.parametrize("operator", OPERATORS.values(), ids=OPERATORS)


def problem_of(operator: LinearOperator, sigma: float = SIGMA) -> Problem:
    clean = torch.rand(1, *SHAPE, generator=seeded(6), dtype=torch.float64)
    noise = torch.randn(1, *operator.observation_shape, generator=seeded(7), dtype=torch.float64)
    y = operator.restrict(operator.forward(clean) + sigma * noise)
    return Problem(y, operator, sigma)


def matrix(operator: LinearOperator) -> Tensor:
    """H as a dense matrix."""
    pixels = SIDE * SIDE
    units = torch.eye(pixels, dtype=torch.float64).reshape(pixels, *SHAPE)
    return torch.cat([operator.forward(unit[None]).reshape(1, -1) for unit in units]).mT


def covariance(size: int) -> Tensor:
    """A random covariance with a condition number of about 50."""
    factors = torch.randn(size, size, generator=seeded(8), dtype=torch.float64)
    return 0.1 * factors @ factors.mT / size + 0.01 * torch.eye(size, dtype=torch.float64)


class Gaussian(Denoiser, PatchPrior):
    """N(0, Σ), for whole images as a denoiser and for patches as a patch prior."""

    def __init__(self, sigma: Tensor, patch_size: int = SIDE) -> None:
        self.covariance, self.patch_size = sigma, patch_size

    @cache  # noqa: B019
    def filter(self, noise_variance: float) -> Tensor:
        identity = torch.eye(len(self.covariance), dtype=torch.float64)
        return torch.linalg.solve(self.covariance + noise_variance * identity, self.covariance)

    def denoise(self, image, sigma):
        return (image.reshape(1, -1) @ self.filter(sigma**2)).reshape(image.shape)

    def map_estimate(self, patches, noise_variance):
        return patches @ self.filter(noise_variance)

    def log_prob(self, patches):
        return -(patches @ torch.linalg.inv(self.covariance) * patches).sum(1) / 2


def relative_error(image: Tensor, expected: Tensor) -> float:
    return float((image.flatten() - expected.flatten()).norm() / expected.norm())


@pytest.mark.slow
@every_operator
@pytest.mark.parametrize("solver", [epll, plug_and_play])
@pytest.mark.parametrize("sigma", [SIGMA, 0.0])
def test_a_gaussian_prior_gives_its_map_estimate_for_every_operator(solver, operator, sigma):
    problem, prior = problem_of(operator, sigma), Gaussian(covariance(SIDE * SIDE))
    h, weight = matrix(operator), fidelity_weight(sigma)
    normal = weight * h.mT @ h + torch.linalg.inv(prior.covariance)
    expected = torch.linalg.solve(normal, weight * h.mT @ problem.y.flatten())
    # The dual variable makes any level right; near the prior's standard deviation it is fastest.
    schedule = Schedule((0.2,) * 250, dual=True)
    restored = solver(prior, problem, Context.seeded(0), schedule).image
    assert relative_error(restored, expected) < 1e-4


@pytest.mark.slow
@every_operator
@pytest.mark.parametrize("momentum", [0.0, 0.8])
def test_overlapping_gaussian_patches_give_the_minimiser_of_the_smoothed_energy(operator, momentum):
    level, prior, problem = 0.1, Gaussian(covariance(16), patch_size=4), problem_of(operator)
    pixels, places = SIDE * SIDE, range(SIDE - 4 + 1)
    total, cover = torch.zeros(pixels, pixels, dtype=torch.float64), torch.zeros(pixels)
    precision = torch.linalg.inv(prior.covariance + level**2 * torch.eye(16))
    index = torch.arange(pixels).reshape(SIDE, SIDE)
    for top in places:
        for left in places:
            inside = index[top : top + 4, left : left + 4].flatten()
            total[inside[:, None], inside] += precision
            cover[inside] += 1
    h, weight = matrix(operator), fidelity_weight(SIGMA)
    normal = weight * h.mT @ h + total / cover[:, None]
    expected = torch.linalg.solve(normal, weight * h.mT @ problem.y.flatten())
    schedule = Schedule((level,) * 500, momentum=momentum)
    restored = epll(prior, problem, Context.seeded(0), schedule).image
    assert relative_error(restored, expected) < 1e-4


class Patterns(Generator):
    """Tiles without mean that are linear in their codes: a Gaussian of low rank."""

    tile_size, latent_size = 4, 5

    def __init__(self) -> None:
        patterns = torch.randn(16, self.latent_size, generator=seeded(9), dtype=torch.float64)
        self.patterns = 0.2 * (patterns - patterns.mean(0))

    def decode(self, z):
        return (z @ self.patterns.mT).reshape(-1, 4, 4)


def latent_map(prior: Patterns, problem: Problem) -> Tensor:
    """The image of the codes and means that minimise the objective of the search, by least squares."""
    tiling = Tiling(SIDE, SIDE, prior.tile_size, prior.tile_size // 2)
    free = torch.cat([prior.patterns, torch.ones(16, 1, dtype=torch.float64)], dim=1)
    images = []
    for tile in range(len(tiling)):
        for pattern in free.mT:
            tiles = torch.zeros(len(tiling), 4, 4, dtype=torch.float64)
            tiles[tile] = pattern.reshape(4, 4)
            images.append(tiling.blend(tiles).flatten())
    synthesis = torch.stack(images, dim=1)
    own = SIDE * SIDE / (len(tiling) * 16)
    held = torch.tensor([own] * prior.latent_size + [0.0], dtype=torch.float64).repeat(len(tiling))
    fidelity = fidelity_weight(problem.sigma) ** 0.5
    system = torch.cat([fidelity * matrix(problem.operator) @ synthesis, held.sqrt().diag()])
    right = torch.cat([fidelity * problem.y.flatten(), torch.zeros_like(held)])
    codes = torch.linalg.lstsq(system, right[:, None], driver="gelsd").solution
    return (synthesis @ codes).reshape(1, *SHAPE)


@pytest.mark.slow
@every_operator
def test_a_search_of_linear_codes_reaches_their_map_estimate_and_stays(operator):
    # Strong noise makes the data's part as well conditioned as the codes' own: Adam needs few
    # steps.
    problem, prior = problem_of(operator, 3 * SIGMA), Patterns()
    expected = latent_map(prior, problem)
    for steps in (350, 450):
        found = latent_search(prior, problem, Context.seeded(0), steps=steps).image
        assert relative_error(found, expected) < 1e-4


class Mixture(PatchPrior):
    """Two Gaussians of mean 0: smooth patches and rough ones."""

    patch_size = 3

    def __init__(self) -> None:
        flat = torch.ones(9, 9, dtype=torch.float64)
        self.covariances = torch.stack(
            [
                0.2 * flat + 0.001 * torch.eye(9, dtype=torch.float64),
                0.2 * flat + 0.5 * covariance(9),
            ]
        )
        self.weights = torch.tensor([0.7, 0.3], dtype=torch.float64)

    def scores(self, patches: Tensor, noise_variance: float) -> Tensor:
        """log πₖ + log N(x; 0, Σₖ + sI), K × N."""
        noisy = self.covariances + noise_variance * torch.eye(9, dtype=torch.float64)
        forms = (patches @ torch.linalg.inv(noisy) * patches).sum(-1)
        return self.weights.log()[:, None] - (torch.logdet(noisy)[:, None] + forms) / 2

    def log_prob(self, patches):
        return self.scores(patches, 0.0).logsumexp(0)

    def map_estimate(self, patches, noise_variance):
        chosen = self.scores(patches, noise_variance).argmax(0)
        noisy = self.covariances + noise_variance * torch.eye(9, dtype=torch.float64)
        filters = torch.linalg.solve(noisy, self.covariances)
        return torch.einsum("ni,nij->nj", patches, filters[chosen])


def objective(prior: Mixture, problem: Problem, x: Tensor, level: float) -> float:
    r"""Σⱼ cⱼ λ/2 (xⱼ − yⱼ)² − Σᵢ maxₖ log πₖ N(Pᵢx; 0, Σₖ + s²I), cⱼ patches covering pixel j.

    This is what a step of EPLL at a fixed level majorises: the average over the patches at a pixel
    divides the prior's part by cⱼ, which a diagonal HᵀH moves to the data's part.
    """
    windows = x[0, 0].unfold(0, 3, 1).unfold(1, 3, 1).reshape(-1, 9)
    prior_part = -float(prior.scores(windows, level**2).amax(0).sum())
    ones = torch.ones(1, windows.shape[1], len(windows), dtype=torch.float64)
    cover = torch.nn.functional.fold(ones, x.shape[2:], 3)[0]
    residual = (problem.operator.forward(x) - problem.y).square()
    return prior_part + fidelity_weight(problem.sigma) / 2 * float((cover * residual).sum())


@pytest.mark.slow
@pytest.mark.parametrize("name", ["identity", "mask"])
def test_epll_at_a_fixed_level_never_raises_its_objective(name):
    prior, problem, level = Mixture(), problem_of(OPERATORS[name]), 0.05
    values = [
        objective(
            prior,
            problem,
            epll(prior, problem, Context.seeded(0), Schedule((level,) * steps)).image,
            level,
        )
        for steps in range(1, 40)
    ]
    drops = [before - after for before, after in pairwise(values)]
    assert min(drops) >= -1e-9 * abs(values[0])
    assert values[0] - values[-1] > 0.001 * abs(values[0])


@pytest.mark.slow
@pytest.mark.parametrize("name", ["identity", "mask"])
def test_momentum_brings_the_objective_within_a_thousandth_of_a_long_run(name):
    prior, problem, level = Mixture(), problem_of(OPERATORS[name]), 0.05

    def reached(steps: int, momentum: float) -> float:
        schedule = Schedule((level,) * steps, momentum=momentum)
        restored = epll(prior, problem, Context.seeded(0), schedule).image
        return objective(prior, problem, restored, level)

    start = objective(prior, problem, problem.estimate(), level)
    long = reached(2000, 0.0)
    assert start - long > 0.02 * abs(long)
    assert reached(40, 0.8) - long < 0.001 * abs(long)


class TotalVariation(Denoiser):
    """The proximal map of τ s² TV: τ is the weight of the prior, whatever the level s."""

    def __init__(self, strength: float) -> None:
        self.strength = strength

    def denoise(self, image, sigma):
        weight = self.strength * sigma**2
        array = denoise_tv_chambolle(image[0, 0].numpy(), weight, eps=0.0, max_num_iter=800)
        return torch.from_numpy(array)[None, None]


def gradient(x: Tensor) -> Tensor:
    """Forward differences of H × W, zero beyond the last row and column."""
    steps = torch.zeros(2, *x.shape, dtype=x.dtype)
    steps[0, :-1] = x[1:] - x[:-1]
    steps[1, :, :-1] = x[:, 1:] - x[:, :-1]
    return steps


def divergence(p: Tensor) -> Tensor:
    """The negative adjoint of the gradient."""
    total = torch.zeros(p.shape[1:], dtype=p.dtype)
    total[:-1] += p[0, :-1]
    total[1:] -= p[0, :-1]
    total[:, :-1] += p[1, :, :-1]
    total[:, 1:] -= p[1, :, :-1]
    return total


def chambolle_pock(problem: Problem, strength: float, steps: int) -> Tensor:
    """argmin_x λ/2 ‖Hx − y‖² + τ Σ|∇x|, doi:10.1007/s10851-010-0251-1."""
    weight, step = fidelity_weight(problem.sigma), 8**-0.5
    x = problem.estimate()
    ahead, p = x, torch.zeros(2, SIDE, SIDE, dtype=torch.float64)
    for _ in range(steps):
        p = p + step * gradient(ahead[0, 0])
        p = p / (p.norm(dim=0) / strength).clamp(min=1)
        v = x + step * divergence(p)[None, None]
        before, x = x, problem.operator.data_step(problem.y, v, weight, 1 / step)
        ahead = 2 * x - before
    return x


@pytest.mark.slow
@pytest.mark.parametrize("name", ["mask", "blur", "downsample"])
def test_the_proximal_map_of_total_variation_gives_its_minimiser(name):
    problem, strength = problem_of(OPERATORS[name]), 15.0
    expected = chambolle_pock(problem, strength, 10_000)
    schedule = Schedule((0.15,) * 100, dual=True)
    restored = plug_and_play(TotalVariation(strength), problem, Context.seeded(0), schedule).image
    assert relative_error(restored, expected) < 1e-3
    assert relative_error(problem.estimate(), expected) > 0.05


@pytest.mark.slow
def test_without_the_dual_variable_the_minimiser_is_that_of_a_smoothed_prior():
    problem, strength = problem_of(OPERATORS["mask"]), 15.0
    expected = chambolle_pock(problem, strength, 10_000)
    schedule = Schedule((0.15,) * 100)
    restored = plug_and_play(TotalVariation(strength), problem, Context.seeded(0), schedule).image
    assert relative_error(restored, expected) > 0.01
