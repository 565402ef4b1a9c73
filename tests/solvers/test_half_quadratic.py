import numpy as np
import pytest
import torch

from priorbench.operators import Identity, Mask
from priorbench.priors import Context
from priorbench.problem import Problem
from priorbench.solvers import half_quadratic as solver
from priorbench.solvers.continuation import TRUST, fidelity_weight


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


def test_noise_levels_fall_and_end_at_the_noise_or_below():
    for problem in (denoising((1, 9, 9)), inpainting((1, 9, 9), 0.0), inpainting((1, 9, 9), 0.1)):
        beta = np.array(solver.beta_schedule(problem))
        assert (np.diff(beta) > 0).all()
        assert beta[-1] ** -0.5 <= max(problem.sigma, solver.CONTINUATION["missing"][1]) * (
            1 + 1e-9
        )


def test_strong_noise_does_not_turn_the_continuation_round():
    beta = np.array(solver.beta_schedule(inpainting((1, 9, 9), sigma=3.0)))
    assert (np.diff(beta) > 0).all()


@pytest.mark.parametrize(
    ("problem", "trust"),
    [(denoising((1, 4, 5)), 1.0), (inpainting((1, 4, 5), 0.1), TRUST)],
    ids=["noise", "missing"],
)
def test_estimates_and_data_steps_alternate(problem, trust):
    fidelity = fidelity_weight(problem.sigma, trust)
    known = problem.operator.forward(torch.ones_like(problem.y))
    x = problem.estimate()
    for beta in solver.beta_schedule(problem):
        x = (fidelity * known * problem.y + beta * x / 2) / (fidelity * known + beta)
    torch.testing.assert_close(solver.half_quadratic(Halve(), problem, Context.seeded(0)).image, x)


def test_each_plane_of_a_colour_image_has_one_estimator_with_its_share_of_the_noise():
    problem, begin = denoising((3, 4, 5)), Halve()
    solver.half_quadratic(begin, problem, Context.seeded(0))
    red, green, blue = problem.y[0]
    torch.testing.assert_close(begin.begun[0][0], (red + green + blue) / 3)
    torch.testing.assert_close(begin.begun[1][0], (red - blue) / 2)
    torch.testing.assert_close(begin.begun[2][0], (red - 2 * green + blue) / 4)
    shares = [3 / 9, 2 / 4, 6 / 16]
    betas = solver.beta_schedule(problem)
    assert [variance for _, variance in begin.begun] == pytest.approx(
        [share / betas[0] for share in shares]
    )
    assert begin.asked == pytest.approx([share / beta for beta in betas for share in shares])


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


@pytest.mark.parametrize(
    ("name", "value", "problem"),
    [
        ("DENOISING_STEPS", (1.0,), denoising((1, 4, 5))),
        ("CONTINUATION", {"missing": (0.2, 0.1, 2)}, inpainting((1, 4, 5), 0.05)),
        ("TRUST", 3.0, inpainting((1, 4, 5), 0.05)),
    ],
)
def test_the_benchmarks_can_set_the_constants_here(monkeypatch, name, value, problem):
    before = solver.half_quadratic(Halve(), problem, Context.seeded(0)).image
    monkeypatch.setattr(solver, name, value)
    begin = Halve()
    after = solver.half_quadratic(begin, problem, Context.seeded(0)).image
    assert (after - before).abs().max() > 1e-3
    if name != "TRUST":
        assert len(begin.asked) == len(value) if name == "DENOISING_STEPS" else value["missing"][2]
