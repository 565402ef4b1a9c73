"""Energy, score and the filters' places, against brute force; the MAP estimate against SciPy."""

import numpy as np
import pytest
import torch
from scipy.optimize import minimize
from scipy.stats import t as student_t

from priorbench_foe.experts import Experts, everywhere
from priorbench_foe.map_estimate import conjugate_gradients, map_estimate

PIXELS = 16


def experts(count=24, seed=0):
    generator = torch.Generator().manual_seed(seed)
    filters = 8 * torch.randn(count, PIXELS, generator=generator, dtype=torch.float64)
    exponents = 0.6 + torch.rand(count, generator=generator, dtype=torch.float64)
    return Experts(filters - filters.mean(1, keepdim=True), exponents)


def patches(count=20, seed=1):
    generator = torch.Generator().manual_seed(seed)
    return torch.rand(count, PIXELS, generator=generator, dtype=torch.float64)


def energy(made, z, x, variance):
    return -made.log_prob(z) + (z - x).square().sum(1) / (2 * variance)


def test_each_expert_is_a_student_t_density():
    """(1 + r²/2)^−α is, up to its constant, Student's t with 2α − 1 degrees of freedom."""
    made = Experts(torch.eye(1, dtype=torch.float64), torch.tensor([1.7], dtype=torch.float64))
    r = torch.linspace(-3, 3, 13, dtype=torch.float64)[:, None]
    freedom = 2 * 1.7 - 1
    expected = student_t.logpdf(r[:, 0].numpy() * np.sqrt(freedom / 2), freedom)
    difference = made.log_prob(r).numpy() - expected
    np.testing.assert_allclose(difference, difference[0])


def test_the_score_is_the_gradient():
    made, x = experts(), patches().requires_grad_()
    (gradient,) = torch.autograd.grad(made.log_prob(x).sum(), x)
    torch.testing.assert_close(made.score(x), gradient)


def test_filters_are_applied_at_every_place():
    small = torch.randn(3, 2, 2, dtype=torch.float64)
    x = patches()
    found = x @ everywhere(small, 4).mT
    expected = torch.nn.functional.conv2d(x.view(-1, 1, 4, 4), small[:, None])
    # Places first, filters second.
    torch.testing.assert_close(found.view(-1, 3, 3, 3), expected.permute(0, 2, 3, 1))


def test_the_energy_never_rises():
    made, x, variance = experts(), patches(), 0.01
    z, before = x, energy(made, x, x, variance)
    for steps in range(1, 12):
        z = map_estimate(made, x, variance, steps, inner_steps=2)
        now = energy(made, z, x, variance)
        assert (now <= before + 1e-9).all()
        before = now
    assert (before < energy(made, x, x, variance) - 1).all()


@pytest.mark.parametrize("variance", [1e-4, 1e-2, 0.3])
def test_the_estimate_is_a_minimum(variance):
    made, x = experts(), patches()
    z = map_estimate(made, x, variance, steps=300, inner_steps=PIXELS)
    gradient = (z - x) / variance - made.score(z)
    assert (gradient.abs() * variance).max() < 1e-6


def test_the_estimate_is_as_low_as_scipys_from_the_same_start():
    made, x, variance = experts(), patches(4), 0.01
    z = map_estimate(made, x, variance, steps=300, inner_steps=PIXELS)
    for patch, found in zip(x, z, strict=True):

        def objective(values, patch=patch):
            point = torch.from_numpy(values)[None]
            gradient = (point - patch) / variance - made.score(point)
            value = energy(made, point, patch[None], variance)
            return float(value), gradient[0].numpy()

        other = minimize(objective, patch.numpy(), jac=True, method="BFGS")
        reached = float(energy(made, found[None], patch[None], variance))
        start = float(energy(made, patch[None], patch[None], variance))
        # The energy has several minima; both ways come far down.
        assert start - reached > 0.9 * (start - other.fun)


def test_conjugate_gradients_solve_in_as_many_steps_as_there_are_dimensions():
    generator = torch.Generator().manual_seed(0)
    root = torch.randn(5, 5, generator=generator, dtype=torch.float64)
    matrix = root @ root.mT + torch.eye(5, dtype=torch.float64)
    right = torch.randn(3, 5, generator=generator, dtype=torch.float64)
    solved = conjugate_gradients(lambda v: v @ matrix, right, torch.zeros_like(right), 5)
    torch.testing.assert_close(solved @ matrix, right)
    # Further steps leave a solution where it is.
    again = conjugate_gradients(lambda v: v @ matrix, right, solved, 5)
    torch.testing.assert_close(again, solved)


def test_the_mean_of_a_patch_stays():
    made, x = experts(), patches()
    z = map_estimate(made, x, 0.05, steps=10, inner_steps=5)
    torch.testing.assert_close(z.mean(1), x.mean(1))
    torch.testing.assert_close(made.log_prob(x + 0.3), made.log_prob(x))
