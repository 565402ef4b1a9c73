"""Fields of experts against direct sums, dense matrices, SciPy's minimiser and finite differences."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
import torch
from scipy.optimize import minimize
from scipy.signal import correlate2d
from torch import Tensor

from plugins.shallow.experts import Experts
from plugins.shallow.field import Field
from plugins.shallow.filters import folded_back, mirrored
from plugins.shallow.minimum import minimiser


def drawn(*shape: int, seed: int = 0) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(shape, generator=generator, dtype=torch.float64)


def experts(size: int = 3, count: int = 4) -> Experts:
    """Experts with random filters without a mean."""
    filters = drawn(count, size, size)
    filters = filters - filters.mean((1, 2), keepdim=True)
    return Experts(2 * filters, 0.2 + drawn(count, seed=1).square())


def objective(made: Experts, x: Tensor, y: Tensor, c: float) -> Tensor:
    return 0.5 * (x - y).square().sum((1, 2)) + c * made.energy(x)


class TestExperts:
    @pytest.mark.parametrize("shape", [(1, 1), (1, 7), (6, 2), (5, 8)])
    @pytest.mark.parametrize("margin", [0, 1, 3])
    def test_what_is_folded_back_is_the_adjoint_of_reflection(self, shape, margin):
        planes = drawn(2, *shape)
        around = drawn(2, *(length + 2 * margin for length in shape), seed=1)
        expected = (mirrored(planes, margin) * around).sum()
        torch.testing.assert_close((planes * folded_back(around, margin)).sum(), expected)

    @pytest.mark.parametrize("size", [2, 3, 5])
    def test_responses_and_energy_are_those_of_a_direct_sum(self, size):
        made, plane = experts(size), drawn(6, 9)
        padded = np.pad(plane.numpy(), size // 2, mode="symmetric")
        found = [correlate2d(padded, each.numpy(), mode="valid") for each in made.filters]
        torch.testing.assert_close(made.responses(plane[None])[0], torch.tensor(np.array(found)))
        energy = sum(
            float(alpha) * np.log(1 + response**2 / 2).sum()
            for alpha, response in zip(made.exponents.flatten(), found, strict=True)
        )
        assert float(made.energy(plane[None])[0]) == pytest.approx(energy)

    @pytest.mark.parametrize("size", [2, 3, 5])
    @pytest.mark.parametrize("shape", [(1, 1), (2, 9), (7, 6)])
    def test_the_adjoint_passes_the_dot_test(self, size, shape):
        made, planes = experts(size), drawn(2, *shape)
        responses = made.responses(planes)
        maps = drawn(*responses.shape, seed=2)
        torch.testing.assert_close((planes * made.adjoint(maps)).sum(), (responses * maps).sum())

    def test_the_gradient_is_that_of_the_energy(self):
        made, planes = experts(), drawn(1, 5, 6)
        step = 1e-6
        for row, column in ((0, 0), (2, 3), (4, 5)):
            up, down = planes.clone(), planes.clone()
            up[0, row, column] += step
            down[0, row, column] -= step
            slope = float((made.energy(up) - made.energy(down)) / (2 * step))
            assert float(made.gradient(planes)[0, row, column]) == pytest.approx(slope, rel=1e-6)

    def test_a_parabola_lies_above_the_price_and_touches_it(self):
        made = Experts(torch.ones(1, 1, 1, dtype=torch.float64), torch.tensor([1.5]).double())
        at = torch.linspace(-6, 6, 25, dtype=torch.float64).view(-1, 1, 1, 1)
        other = torch.linspace(-9, 9, 99, dtype=torch.float64)
        price = 1.5 * torch.log1p(at.square() / 2)
        parabola = price + made.weights(at) / 2 * (other.square() - at.square())
        assert (parabola - 1.5 * torch.log1p(other.square() / 2) > -1e-12).all()

    def test_slopes_change_as_finite_differences_say(self):
        made = experts(count=1)
        responses = torch.linspace(-5, 5, 11, dtype=torch.float64).view(1, 1, 1, -1)
        step = 1e-6
        up, down = ((r * made.weights(r)) for r in (responses + step, responses - step))
        torch.testing.assert_close(
            made.slope_changes(responses), (up - down) / (2 * step), rtol=1e-6, atol=1e-8
        )


class TestMinimum:
    def test_no_step_leads_up_and_the_last_one_ends_where_the_gradient_is_zero(self):
        made, y, c = experts(), drawn(2, 8, 7), torch.tensor([0.3, 2.0]).double()
        costs = [
            torch.stack(
                [objective(made, x[i : i + 1], y[i : i + 1], float(c[i]))[0] for i in range(2)]
            )
            for x in (minimiser(made, y, c, steps, 0.0) for steps in range(25))
        ]
        assert all((after <= before + 1e-12).all() for before, after in pairwise(costs))
        assert (costs[-1] < 0.8 * costs[0]).all()
        x = minimiser(made, y, c, 2000, 1e-12)
        gradient = x - y + c[:, None, None] * made.gradient(x)
        torch.testing.assert_close(gradient, torch.zeros_like(y), atol=1e-7, rtol=0)

    def test_where_responses_are_small_it_is_a_linear_filter(self):
        made, y = experts(), 1e-7 * drawn(1, 5, 6)
        columns = torch.eye(30, dtype=torch.float64).view(30, 5, 6)
        matrix = made.responses(columns).flatten(1).mT
        scales = made.exponents.flatten().repeat_interleave(len(matrix) // 4)
        system = torch.eye(30, dtype=torch.float64) + 0.7 * matrix.mT @ (scales[:, None] * matrix)
        expected = torch.linalg.solve(system, y.flatten()).view(1, 5, 6)
        found = minimiser(made, y, torch.tensor([0.7]).double(), 200, 1e-16)
        torch.testing.assert_close(1e7 * found, 1e7 * expected)

    def test_no_other_minimiser_finds_less(self):
        made, y, c = experts(), drawn(1, 6, 6, seed=3), 0.5

        def cost(numbers: np.ndarray) -> tuple[float, np.ndarray]:
            x = torch.from_numpy(numbers).view_as(y)
            gradient = x - y + c * made.gradient(x)
            return float(objective(made, x, y, c)[0]), gradient.numpy().ravel()

        best = minimize(cost, y.numpy().ravel(), jac=True, method="L-BFGS-B", tol=1e-14).fun
        x = minimiser(made, y, torch.tensor([c]).double(), 1000, 1e-12)
        assert float(objective(made, x, y, c)[0]) <= best + 1e-3 * abs(best)

    def test_planes_of_a_batch_do_not_see_each_other(self):
        made, y, c = experts(), drawn(3, 6, 5), torch.tensor([0.1, 1.0, 5.0]).double()
        alone = [minimiser(made, y[i : i + 1], c[i : i + 1], 20, 0.0) for i in range(3)]
        torch.testing.assert_close(minimiser(made, y, c, 20, 0.0), torch.cat(alone))


def field() -> Field:
    """A field with random filters, whose minima are exact."""
    made = Field(3, 2, 0.004, 0.3, steps=3000, tolerance=1e-13).double()
    made.solve = 300
    with torch.no_grad():
        made.mixing.add_(0.3 * drawn(8, 8))
        made.log_exponents.add_(0.05 * drawn(8, seed=1))
        made.log_scales.add_(torch.tensor([0.02, -0.03]))
    return made


class TestField:
    def test_derivatives_of_all_that_is_learned_are_those_of_finite_differences(self):
        made = field()
        y, sigma = 0.2 * drawn(1, 4, 5), torch.tensor([0.1]).double()
        names, values = zip(*made.named_parameters(), strict=True)

        def value(*given: Tensor) -> Tensor:
            return torch.func.functional_call(
                made, dict(zip(names, given, strict=True)), (y, sigma)
            )

        assert torch.autograd.gradcheck(value, values, fast_mode=True, atol=1e-4)

    def test_weight_and_scale_follow_the_noise(self):
        made = field()
        with torch.no_grad():
            made.log_weights.copy_(torch.tensor([0.1, 0.3]).double())
            made.log_scales.copy_(torch.tensor([-0.2, 0.0]).double())
        sigma = torch.tensor([0.004, (0.004 * 0.3) ** 0.5, 0.3, 0.9]).double()
        weight, scale = made.followed(sigma)
        for found, logarithms in ((weight, [1.0, 2.0, 3.0, 3.0]), (scale, [-2.0, -1.0, 0.0, 0.0])):
            torch.testing.assert_close(
                found.log(), torch.tensor(logarithms).double(), atol=1e-5, rtol=0
            )

    def test_filters_have_no_mean(self):
        made = field().experts().filters
        torch.testing.assert_close(made.mean((1, 2)), torch.zeros(8).double(), atol=1e-6, rtol=0)

    def test_it_is_the_minimum_of_its_formula(self):
        made = field()
        y, sigma = 0.2 * drawn(1, 6, 6), torch.tensor([0.1]).double()
        with torch.no_grad():
            x = made(y, sigma)
            weight, scale = (float(each) for each in made.followed(sigma))
            # The derivative of E(ax/σ).
            outer = scale / 0.1 * made.experts().gradient(scale * x / 0.1)
            slope = (x - y) / 0.1**2 + weight * outer
        torch.testing.assert_close(slope, torch.zeros_like(y), atol=1e-6, rtol=0)
