from __future__ import annotations

from itertools import pairwise

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from priorbench.operators import Identity, Mask
from priorbench.priors import Context, Denoiser
from priorbench.problem import Problem
from priorbench.solvers import plug_and_play, restore
from priorbench.solvers.continuation import fidelity_weight
from priorbench.solvers.plug_and_play import TRUST, noise_levels


class Wiener(Denoiser):
    """The exact denoiser of the Gaussian prior N(mean, variance · I), for which everything is known in closed form."""

    def __init__(self, mean: float = 0.5, variance: float = 0.04) -> None:
        self.mean, self.variance = mean, variance
        self.levels: list[float] = []

    def denoise(self, image: Tensor, sigma: float) -> Tensor:
        self.levels.append(sigma)
        return self.mean + self.variance / (self.variance + sigma**2) * (image - self.mean)


class Keep(Denoiser):
    """Changes nothing."""

    def denoise(self, image: Tensor, sigma: float) -> Tensor:
        return image


class Smooth(Denoiser):
    """The mean of 3 × 3 pixels."""

    def denoise(self, image: Tensor, sigma: float) -> Tensor:
        padded = torch.nn.functional.pad(image, (1, 1, 1, 1), mode="replicate")
        return torch.nn.functional.avg_pool2d(padded, 3, stride=1)


def context(progress=lambda fraction: None) -> Context:
    return Context.seeded(0, progress)


def inpainting(sigma: float, channels: int = 1, seed: int = 0) -> tuple[Tensor, Problem]:
    generator = torch.Generator().manual_seed(seed)
    rows, columns = torch.meshgrid(
        torch.linspace(0, 1, 16), torch.linspace(0, 1, 12), indexing="ij"
    )
    clean = (0.2 + 0.3 * rows + 0.3 * columns**2).expand(1, channels, 16, 12)
    known = torch.rand((channels, 16, 12), generator=generator) < 0.5
    operator = Mask(known)
    noise = sigma * torch.randn(clean.shape, generator=generator)
    return clean, Problem(operator.forward(clean + noise), operator, sigma)


@given(st.floats(1e-3, 1))
def test_denoising_is_one_call_at_sigma(sigma):
    prior = Wiener()
    y = torch.rand(1, 3, 4, 5)
    restored = plug_and_play(prior, Problem(y, Identity((3, 4, 5)), sigma), context()).image
    assert prior.levels == [sigma]
    assert torch.equal(restored, Wiener().denoise(y, sigma))


def test_without_noise_the_identity_leaves_nothing_to_restore():
    y = torch.rand(1, 1, 4, 5)
    prior = Wiener()
    assert torch.equal(
        plug_and_play(prior, Problem(y, Identity((1, 4, 5)), 0.0), context()).image, y
    )
    assert prior.levels == []


@given(st.floats(0, 1))
def test_the_noise_levels_fall_geometrically_from_start_to_end(sigma):
    levels = noise_levels(inpainting(sigma)[1])
    ratios = [after / before for before, after in pairwise(levels)]
    assert levels[0] == pytest.approx(max(0.04, 0.8 * sigma))
    assert levels[-1] == pytest.approx(max(0.004, 0.15 * sigma))
    assert all(ratio == pytest.approx(ratios[0]) for ratio in ratios)
    assert ratios[0] < 1
    prior = Wiener()
    _, problem = inpainting(sigma)
    plug_and_play(prior, problem, context())
    assert prior.levels == levels


@pytest.mark.parametrize("sigma", [0.0, 0.1])
def test_the_iteration_is_the_two_alternating_minimisations(sigma):
    _, problem = inpainting(sigma)
    known = problem.operator.arguments()["known"]
    x = problem.operator.estimate(problem.y).double()
    weight = fidelity_weight(sigma, TRUST)
    for level in noise_levels(problem):
        z = Wiener().denoise(x, level)
        x = torch.where(known, (weight * problem.y + z / level**2) / (weight + 1 / level**2), z)
    torch.testing.assert_close(
        plug_and_play(Wiener(), problem, context()).image.double(), x, rtol=1e-4, atol=1e-5
    )


@pytest.mark.parametrize("channels", [1, 3])
def test_noise_free_known_pixels_are_kept(channels):
    clean, problem = inpainting(0.0, channels)
    known = problem.operator.arguments()["known"]
    restored = plug_and_play(Smooth(), problem, context()).image
    smoothed = Smooth().denoise(clean, 0.0)
    # Each known pixel may move by what its weight against the last noise level allows, and no further.
    last = noise_levels(problem)[-1] ** -2
    share = last / (last + fidelity_weight(0.0, TRUST))
    moved = (restored - clean)[:, known].abs().max()
    assert moved <= 2 * share * (smoothed - clean).abs().max()


def test_a_denoiser_that_keeps_everything_gives_back_the_interpolation():
    _, problem = inpainting(0.0)
    restored = plug_and_play(Keep(), problem, context()).image
    torch.testing.assert_close(restored, problem.operator.estimate(problem.y))


def test_smoothing_helps_a_noisy_inpainting_of_a_smooth_image():
    clean, problem = inpainting(0.1)
    before = (problem.operator.estimate(problem.y) - clean).square().mean()
    after = (plug_and_play(Smooth(), problem, context()).image - clean).square().mean()
    assert after < before / 2


def test_progress_rises_to_one():
    for problem in (inpainting(0.0)[1], Problem(torch.rand(1, 1, 4, 4), Identity((1, 4, 4)), 0.1)):
        seen: list[float] = []
        plug_and_play(Wiener(), problem, context(seen.append))
        assert seen == sorted(seen)
        assert seen[-1] == 1


def test_a_denoiser_is_restored_with_by_plug_and_play():
    _, problem = inpainting(0.05)
    assert torch.equal(
        restore(Smooth(), problem, context()).image,
        plug_and_play(Smooth(), problem, context()).image,
    )
