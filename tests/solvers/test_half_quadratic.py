import numpy as np
import pytest
import torch

from priorbench.operators import Blur, Identity, Mask
from priorbench.priors import Context
from priorbench.problem import Problem
from priorbench.solvers import half_quadratic as solver
from priorbench.solvers.continuation import Schedule, fidelity_weight


def denoising(shape: tuple[int, int, int], sigma: float = 0.1) -> Problem:
    return Problem(
        torch.rand(1, *shape, generator=torch.Generator().manual_seed(0)), Identity(shape), sigma
    )


def inpainting(shape: tuple[int, int, int], sigma: float) -> Problem:
    generator = torch.Generator().manual_seed(0)
    known = torch.rand(shape, generator=generator) > 0.4
    known[:, 0, 0] = True
    return Problem(torch.rand(1, *shape, generator=generator) * known, Mask(known), sigma)


class Halve:
    """Estimators that halve a plane, with what they were asked."""

    def __init__(self) -> None:
        self.begun: list[tuple[torch.Tensor, float]] = []
        self.asked: list[float] = []

    def __call__(self, plane, noise_variance):
        self.begun.append((plane.clone(), noise_variance))

        def estimate(plane, noise_variance, out):
            self.asked.append(noise_variance)
            yield 0.5
            out.copy_(plane / 2)
            yield 1.0

        return estimate


@pytest.mark.parametrize("sigma", [0.0, 0.1, 3.0])
def test_noise_levels_fall_and_end_at_the_noise_or_below(sigma):
    for problem in (denoising((1, 9, 9), sigma), inpainting((1, 9, 9), sigma)):
        levels = np.array(solver.default_schedule(problem).levels)
        assert (np.diff(levels) < 0).all()
        assert levels[-1] <= max(problem.sigma, solver.SCHEDULES["missing"].levels[-1]) * (1 + 1e-9)


@pytest.mark.parametrize("boundary", ["circular", "valid"])
def test_with_noise_on_mixed_pixels_last_level_and_trust_rise_with_it(boundary):
    operator = Blur(torch.ones(3, 3), (1, 9, 9), boundary)

    def of(sigma):
        return solver.default_schedule(
            Problem(torch.zeros(1, *operator.observation_shape), operator, sigma)
        )

    chosen = solver.SCHEDULES["mixed"]
    at_reference = of(solver.REFERENCE)
    assert at_reference.levels == pytest.approx(chosen.levels)
    assert at_reference.trust == pytest.approx(chosen.trust)
    schedules = [of(sigma) for sigma in (1e-6, 0.004, 0.01, 0.04, 1.0)]
    trusts = [schedule.trust for schedule in schedules]
    lasts = [schedule.levels[-1] for schedule in schedules]
    assert trusts == sorted(trusts)
    assert lasts == sorted(lasts)
    assert all((np.diff(schedule.levels) < 0).all() for schedule in schedules)
    assert schedules[-1].levels[0] == 1.0
    # Beyond four times the reference both stay.
    assert trusts[-1] == pytest.approx(trusts[-2])


def test_denoising_has_the_levels_of_the_paper_times_0_7():
    schedule = solver.default_schedule(denoising((1, 4, 5), sigma=0.2))
    betas = [level**-2 * 0.2**2 for level in schedule.levels]
    assert betas == pytest.approx([0.7 * beta for beta in (1, 4, 8, 16, 32, 64)])
    assert (schedule.trust, schedule.momentum, schedule.dual) == (1.0, 0.0, False)


def test_estimates_and_data_steps_alternate():
    problem = denoising((1, 4, 5))
    fidelity = fidelity_weight(problem.sigma)
    x = problem.estimate()
    for level in solver.default_schedule(problem).levels:
        x = (fidelity * problem.y + x / 2 / level**2) / (fidelity + 1 / level**2)
    torch.testing.assert_close(solver.half_quadratic(Halve(), problem, Context.seeded(0)).image, x)


def test_each_plane_of_a_colour_image_has_one_estimator_with_its_share_of_the_noise():
    problem, begin = denoising((3, 4, 5)), Halve()
    solver.half_quadratic(begin, problem, Context.seeded(0))
    red, green, blue = problem.y[0]
    torch.testing.assert_close(begin.begun[0][0], (red + green + blue) / 3)
    torch.testing.assert_close(begin.begun[1][0], (red - blue) / 2)
    torch.testing.assert_close(begin.begun[2][0], (red - 2 * green + blue) / 4)
    shares = [3 / 9, 2 / 4, 6 / 16]
    levels = solver.default_schedule(problem).levels
    assert [variance for _, variance in begin.begun] == pytest.approx(
        [share * levels[0] ** 2 for share in shares]
    )
    asked = [share * level**2 for level in levels for share in shares]
    assert begin.asked == pytest.approx(asked)


def test_progress_rises_to_one():
    seen: list[float] = []
    solver.half_quadratic(Halve(), denoising((2, 4, 5)), Context.seeded(0, seen.append))
    assert seen == sorted(seen)
    assert seen[-1] == pytest.approx(1)


def test_the_observation_is_left_alone():
    problem = denoising((1, 4, 5))
    before = problem.y.clone()
    solver.half_quadratic(Halve(), problem, Context.seeded(0))
    assert torch.equal(problem.y, before)


def test_a_schedule_may_be_given():
    begin, schedule = Halve(), Schedule((0.5, 0.25, 0.1), momentum=0.5)
    solver.half_quadratic(begin, inpainting((1, 4, 5), 0.05), Context.seeded(0), schedule)
    assert begin.asked == pytest.approx([level**2 for level in schedule.levels])
