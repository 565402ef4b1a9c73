from __future__ import annotations

import math

import pytest
import torch

from priorbench.errors import NotApplicable
from priorbench.operators import Blur, Identity
from priorbench.priors import Context, Denoiser, Restoration
from priorbench.problem import Problem
from priorbench.solvers import restore
from priorbench.solvers.anscombe import anscombe, inverse_anscombe, restore_stabilised
from priorbench.tasks import DenoisePoisson


def expectation(mean: float) -> float:
    """E[2√(k + 3/8)] for k ~ Poisson(mean), summed from the recurrence of the probabilities'
    logarithms.
    """
    total, logarithm = 0.0, -mean
    for count in range(int(mean + 40 * math.sqrt(mean) + 60)):
        total += math.exp(logarithm) * 2 * math.sqrt(count + 3 / 8)
        logarithm += math.log(mean) - math.log(count + 1)
    return total


@pytest.mark.parametrize(
    "mean", [0.05, 0.1, 0.3, 1.0, 2.7, 5.0, 17.3, 60.0, 150.0, 199.0, 199.99, 201.0, 300.0, 1000.0]
)
def test_the_inverse_is_exact_and_unbiased(mean):
    found = inverse_anscombe(torch.tensor([expectation(mean)], dtype=torch.float64)).item()
    assert found == pytest.approx(mean, rel=1e-4, abs=1e-5)


def test_the_inverse_rises_without_a_jump_where_the_table_ends():
    values = torch.linspace(0, 40, 100_001, dtype=torch.float64)
    steps = inverse_anscombe(values).diff()
    assert steps.min() >= 0
    assert steps.max() < 0.02


def test_what_no_mean_gives_becomes_zero():
    assert inverse_anscombe(torch.tensor([-3.0, 0.0, 1.2247])).tolist() == [0, 0, 0]


@pytest.mark.parametrize("mean", [4.0, 10.0, 50.0])
def test_the_transform_makes_the_deviation_one(mean):
    counts = torch.poisson(torch.full((400_000,), mean), generator=torch.Generator().manual_seed(0))
    assert anscombe(counts).std().item() == pytest.approx(1, abs=0.05)


class Mean(Denoiser):
    """Takes the image for constant, and remembers what it was shown."""

    def denoise(self, image, sigma):
        self.shown, self.sigma = image, sigma
        return image.mean().expand(image.shape)


@pytest.mark.parametrize("peak", [0.5, 2.0, 30.0, 1000.0])
def test_a_constant_image_is_restored_without_bias(peak):
    level = 0.4
    clean = torch.full((1, 1, 300, 300), level)
    problem = DenoisePoisson(peak).corrupt(clean, torch.Generator().manual_seed(0))
    prior = Mean()
    found = restore(prior, problem, Context.seeded(0)).image
    # Five standard errors of the mean of the counts; the inverse without E would be off by 1/4
    # photon.
    assert found.mean().item() == pytest.approx(
        level, abs=5 * math.sqrt(level / peak / clean.numel())
    )
    if peak >= 30:
        assert prior.shown.std().item() == pytest.approx(prior.sigma, rel=0.03)
        assert prior.sigma == pytest.approx(
            1 / (anscombe(torch.tensor(peak)) - anscombe(torch.tensor(0.0))).item()
        )


def test_the_solver_sees_a_gaussian_problem_on_the_unit_interval():
    y = torch.tensor([0.0, 0.5, 1.0]).reshape(1, 1, 1, 3)
    seen = []

    def solve(problem: Problem) -> Restoration:
        seen.append(problem)
        return Restoration(problem.y)

    restore_stabilised(solve, Problem(y, Identity((1, 1, 3)), 0.1, peak=20.0))
    [problem] = seen
    assert problem.peak is None
    assert problem.y.flatten()[[0, 2]].tolist() == pytest.approx([0, 1], abs=1e-6)


def test_blur_mixes_the_counts_and_is_refused():
    operator = Blur(torch.ones(3, 3) / 9, (1, 8, 8))
    problem = Problem(torch.rand(1, 1, 8, 8), operator, 0.1, peak=30.0)
    with pytest.raises(NotApplicable, match="only where the image is observed directly"):
        restore(Mean(), problem, Context.seeded(0))
