from __future__ import annotations

from importlib import import_module
from itertools import pairwise
from typing import get_args

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from priorbench.operators import Blur, Identity, Mask
from priorbench.priors import Context, Denoiser, Estimator
from priorbench.problem import Problem
from priorbench.solvers import plug_and_play, restore
from priorbench.solvers.continuation import Schedule, fidelity_weight
from priorbench.solvers.plug_and_play import default_schedule
from priorbench.specs.solver_settings import REGIMES, SolverSettings, SplittingSettings

# The package has a function of this name.
plug_and_play_module = import_module("priorbench.solvers.plug_and_play")


class Wiener(Denoiser):
    """The exact denoiser of the Gaussian prior N(mean, variance · I), for which everything is known
    in closed form.
    """

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

    estimator = "smoother"
    blind = True

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
    problem = inpainting(sigma)[1]
    levels = default_schedule(Wiener(), problem).levels
    ratios = [after / before for before, after in pairwise(levels)]
    assert levels[0] == pytest.approx(max(0.1, 0.8 * sigma))
    least = plug_and_play_module.SCHEDULES["mmse"]["missing"].levels[-1]
    assert levels[-1] == pytest.approx(max(least, 0.6 * sigma))
    assert all(ratio == pytest.approx(ratios[0]) for ratio in ratios)
    assert ratios[0] < 1
    prior = Wiener()
    plug_and_play(prior, problem, context())
    assert tuple(prior.levels) == levels


@given(st.floats(1e-3, 1))
def test_a_denoiser_is_never_asked_for_a_noise_it_was_not_made_for(sigma):
    prior = Wiener()
    prior.sigma_range = (0.05, 0.08)
    for problem in (
        inpainting(sigma)[1],
        Problem(torch.rand(1, 1, 4, 5), Identity((1, 4, 5)), sigma),
    ):
        plug_and_play(prior, problem, context())
    assert all(0.05 <= level <= 0.08 for level in prior.levels)


def deblurring(sigma: float) -> tuple[Tensor, Problem]:
    """A square behind a blur of 3 × 3, circular."""
    clean = torch.full((1, 1, 24, 24), 0.3)
    clean[..., 7:16, 5:18] = 0.8
    operator = Blur(torch.full((3, 3), 1 / 9), (1, 24, 24))
    noise = torch.randn(clean.shape, generator=torch.Generator().manual_seed(0))
    return clean, Problem(operator.forward(clean) + sigma * noise, operator, sigma)


def test_a_network_for_one_noise_does_not_change_how_the_data_are_weighed():
    sigma, made_for = 0.1, 0.2
    _, problem = inpainting(sigma)
    known = problem.operator.arguments()["known"]
    prior = Wiener()
    prior.sigma_range = (made_for, made_for)
    schedule = Schedule((0.4, 0.1, 0.05))
    weight = fidelity_weight(sigma, schedule.trust)
    x = problem.operator.estimate(problem.y).double()
    for level in schedule.levels:
        z = Wiener().denoise(x, made_for)
        x = torch.where(known, (weight * problem.y + z / level**2) / (weight + 1 / level**2), z)
    restored = plug_and_play(prior, problem, context(), schedule).image
    assert prior.levels == [made_for] * 3
    torch.testing.assert_close(restored.double(), x, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("estimator", get_args(Estimator))
def test_each_kind_of_denoiser_has_a_default_in_each_regime(estimator):
    assert set(plug_and_play_module.SCHEDULES[estimator]) == set(REGIMES)


def test_the_default_depends_on_what_a_denoiser_says_it_estimates():
    shrinking = Keep()
    shrinking.estimator = "smoother"
    for problem in (inpainting(0.0)[1], deblurring(0.01)[1], deblurring(0.0)[1]):
        assert default_schedule(shrinking, problem) != default_schedule(Keep(), problem)


def test_levels_are_held_for_an_estimator_whose_strength_is_fixed():
    blind, for_one, for_some = Keep(), Keep(), Keep()
    blind.blind = True
    for_one.sigma_range = (0.1, 0.1)
    for_some.sigma_range = (0.1, 0.2)
    problem = deblurring(0.01)[1]
    for prior in (blind, for_one):
        assert len(set(default_schedule(prior, problem).levels)) == 1
    for prior in (for_some, Smooth()):
        assert len(set(default_schedule(prior, problem).levels)) > 1


def test_settings_take_the_place_of_what_the_kind_would_get():
    problem = deblurring(0.01)[1]
    settings = SolverSettings(mixed=SplittingSettings(first=0.2, last=0.05, steps=3, dual=False))
    schedule = default_schedule(Smooth(), problem, settings)
    assert schedule.levels == pytest.approx((0.2, 0.1, 0.05))
    assert not schedule.dual
    assert schedule.trust == default_schedule(Smooth(), problem).trust


@pytest.mark.parametrize("sigma", [0.0, 0.1])
def test_the_iteration_is_admm_on_missing_pixels(sigma):
    _, problem = inpainting(sigma)
    known = problem.operator.arguments()["known"]
    x = problem.operator.estimate(problem.y).double()
    dual = torch.zeros_like(x)
    schedule = default_schedule(Wiener(), problem)
    weight = fidelity_weight(sigma, schedule.trust)
    for level in schedule.levels:
        z = Wiener().denoise(x + dual, level)
        v = z - dual
        x = torch.where(known, (weight * problem.y + v / level**2) / (weight + 1 / level**2), v)
        dual = dual + x - z
    torch.testing.assert_close(
        plug_and_play(Wiener(), problem, context()).image.double(), x, rtol=1e-4, atol=1e-5
    )


@pytest.mark.parametrize("channels", [1, 3])
def test_noise_free_known_pixels_are_kept(channels):
    clean, problem = inpainting(0.0, channels)
    known = problem.operator.arguments()["known"]
    restored = plug_and_play(Smooth(), problem, context()).image
    assert (restored - clean)[:, known].abs().max() < 0.5 / 255


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
