"""Claims of accuracy in the source, each measured against a second way of computing it, over its
range and its ends.
"""

from __future__ import annotations

import math
from pathlib import Path

import mpmath
import numpy as np
import pytest
import torch
from torch import Tensor

from plugins.independent import marginals, zero_sum
from priorbench.data.transform import LUMA, to_gray
from priorbench.networks.muon import orthogonalised
from priorbench.numerics.constants import NOISE_FLOOR
from priorbench.operators import (
    Blur,
    DecimatedBlur,
    Downsample,
    Identity,
    LinearOperator,
    Mask,
    RandomProjection,
)
from priorbench.plugins.manager import load_plugins
from priorbench.priors import Context
from priorbench.problem import Problem
from priorbench.solvers.anscombe import TABLE_END, inverse_anscombe
from priorbench.solvers.continuation import fidelity_weight
from priorbench.synthetic.leaves import power_law, power_law_integral
from priorbench.tasks import DenoiseSaltPepper, Inpaint

PRIORS = load_plugins([Path(__file__).parents[1] / "plugins"]).priors


def generator() -> torch.Generator:
    return torch.Generator().manual_seed(0)


# The inverse of the Anscombe transform


def expectation(mean: float) -> float:
    """E[2√(k + 3/8)] for k ~ Poisson(mean), with 40 digits."""
    with mpmath.workdps(40):
        m = mpmath.mpf(mean)
        first = max(0, int(m - 20 * mpmath.sqrt(m) - 40))
        probability = mpmath.exp(-m + first * mpmath.log(m) - mpmath.loggamma(first + 1))
        total = mpmath.mpf(0)
        for count in range(first, int(m + 20 * mpmath.sqrt(m) + 80)):
            total += probability * 2 * mpmath.sqrt(count + mpmath.mpf(3) / 8)
            probability *= m / (count + 1)
        return float(total)


def inverse_errors(means: np.ndarray) -> np.ndarray:
    expectations = torch.tensor([expectation(mean) for mean in means], dtype=torch.float64)
    return np.abs(inverse_anscombe(expectations).numpy() - means)


def test_the_table_inverts_the_expectation_to_the_stated_error() -> None:
    means = np.concatenate([np.geomspace(1e-8, 0.999 * TABLE_END, 60), [TABLE_END - 1e-6]])
    errors = inverse_errors(means)
    assert errors.max() < 2e-5
    assert (errors / means).max() < 1e-5


def test_the_series_inverts_the_expectation_to_the_stated_error_from_the_tables_end_on() -> None:
    means = np.concatenate([[TABLE_END, TABLE_END + 1e-6], np.geomspace(TABLE_END + 1, 20_000, 12)])
    assert inverse_errors(means).max() < 1e-8


def test_the_inverse_has_no_jump_where_the_table_ends() -> None:
    end = expectation(TABLE_END)
    around = torch.tensor([end - 1e-9, end, end + 1e-9], dtype=torch.float64)
    assert inverse_anscombe(around).diff().abs().max() < 1e-7


# Operators


def single(shape: tuple[int, int, int] = (1, 12, 12)) -> dict[str, LinearOperator]:
    random = generator()
    kernel = torch.rand(3, 5, generator=random, dtype=torch.float64)
    kernel /= kernel.sum()
    known = torch.rand(shape[1:], generator=random) > 0.5
    signs = torch.rand(shape[1:], generator=random) > 0.5
    rows = torch.randperm(shape[1] * shape[2], generator=random)[:50]
    return {
        "identity": Identity(shape),
        "mask": Mask(known[None]),
        "circular": Blur(kernel, shape),
        "decimated": DecimatedBlur(kernel, shape, 3),
        **{
            f"downsample-{name}": Downsample(shape, 3, name, torch.float64)
            for name in ("bicubic", "lanczos2", "area")
        },
        "projection": RandomProjection(signs, rows, 1),
        "valid": Blur(kernel, shape, "valid"),
    }


def dense(operator: LinearOperator) -> Tensor:
    size = math.prod(operator.image_shape)
    basis = torch.eye(size, dtype=torch.float64).reshape(size, *operator.image_shape)
    return operator.forward(basis).flatten(1).T


@pytest.mark.parametrize("weights", [(1.0, 1e-6), (1e6, 1.0), (1.0, 1.0), (1e-6, 1.0)])
@pytest.mark.parametrize("name", sorted(single().keys() - {"valid"}))
def test_closed_data_steps_are_exact(name: str, weights: tuple[float, float]) -> None:
    """To rounding in double precision, relative to the condition number of the normal equations."""
    operator, (fidelity, penalty) = single()[name], weights
    matrix = dense(operator)
    v = torch.rand(1, *operator.image_shape, generator=generator(), dtype=torch.float64)
    y = torch.rand(1, *operator.observation_shape, generator=generator(), dtype=torch.float64)
    x = operator.data_step(y, v, fidelity, penalty).flatten()
    left = fidelity * (matrix.T @ (matrix @ x)) + penalty * x
    right = fidelity * matrix.T @ y.flatten() + penalty * v.flatten()
    assert float((left - right).norm() / right.norm()) < 1e-9


@pytest.mark.parametrize(("dtype", "bound"), [(torch.float64, 1e-10), (torch.float32, 1e-6)])
@pytest.mark.parametrize("weights", [(1.0, 1.0), (1.0, 0.3), (1e-3, 1.0)])
def test_conjugate_gradients_end_at_the_stated_residual(
    dtype: torch.dtype, bound: float, weights: tuple[float, float]
) -> None:
    """Measured in double precision; rounding of the residual in single precision may double it."""
    operator, (fidelity, penalty) = single()["valid"].to(dtype=dtype), weights
    v = torch.rand(1, *operator.image_shape, generator=generator(), dtype=dtype)
    y = torch.rand(1, *operator.observation_shape, generator=generator(), dtype=dtype)
    x = LinearOperator.data_step(operator, y, v, fidelity, penalty).double()
    exact = operator.to(dtype=torch.float64)
    left = fidelity * exact.adjoint(exact.forward(x)) + penalty * x
    right = fidelity * exact.adjoint(y.double()) + penalty * v.double()
    assert float((left - right).norm() / right.norm()) < 2 * bound


@pytest.mark.parametrize("name", sorted(single()))
def test_the_power_iteration_finds_three_digits_of_the_norm(name: str) -> None:
    operator = single()[name]
    largest = float(torch.linalg.matrix_norm(dense(operator), 2))
    assert LinearOperator.norm(operator) == pytest.approx(largest, rel=1e-3)


@pytest.mark.parametrize("sigma", [0.0, 2e-3, 25 / 255])
def test_the_wiener_filter_ends_at_the_stated_residual(sigma: float) -> None:
    prior = PRIORS["wiener"].load()(amplitude=3e-4, iterations=3000)
    for name in ("mask", "circular", "valid"):
        operator = single((1, 24, 24))[name].to(dtype=torch.float32)
        clean = torch.rand(1, 1, 24, 24, generator=generator())
        problem = Problem(operator.forward(clean), operator, sigma)
        x = prior.restore(problem, Context.seeded(0)).image.double()
        exact = operator.to(dtype=torch.float64)
        fidelity = max(sigma, 1e-3) ** -2
        prior_term = torch.fft.irfft2(
            torch.fft.rfft2(x) * prior.precision(24, 24).double(), s=(24, 24)
        )
        right = fidelity * exact.adjoint(problem.y.double())
        left = fidelity * exact.adjoint(exact.forward(x)) + prior_term
        assert float((left - right).norm() / right.norm()) < 2e-5


# Steps


def test_orthogonalised_singular_values_are_in_the_stated_range() -> None:
    """Each alone, since the iteration acts on them one by one, over the whole range and below its
    end.
    """
    found = []
    for value in np.geomspace(4e-3, 0.7, 400):
        matrix = torch.diag(torch.tensor([value, math.sqrt(1 - value**2)], dtype=torch.float64))
        found += torch.linalg.svdvals(orthogonalised(matrix)).tolist()
    found += torch.linalg.svdvals(orthogonalised(torch.ones(1, 3, dtype=torch.float64))).tolist()
    assert min(found) > 0.68
    assert max(found) < 1.21
    small = torch.diag(torch.tensor([1e-5, 1.0], dtype=torch.float64))
    assert float(torch.linalg.svdvals(orthogonalised(small))[-1]) == pytest.approx(
        1e-5 * 3.4445**5, rel=0.01
    )


# Dead leaves


@pytest.mark.parametrize(
    "exponent", [-20.0, -3.0, -1 - 1e-3, -1 - 1e-9, -1 - 1e-11, -1.0, -1 + 1e-11, -1 + 1e-9, 0.0, 3]
)
@pytest.mark.parametrize(("low", "high"), [(1.0, 1.001), (0.5, 50.0), (1.0, 1e4)])
def test_the_power_law_holds_on_both_sides_of_minus_one(
    exponent: float, low: float, high: float
) -> None:
    with mpmath.workdps(60):
        p, a, b = mpmath.mpf(exponent) + 1, mpmath.mpf(low), mpmath.mpf(high)
        total = mpmath.log(b / a) if p == 0 else (b**p - a**p) / p
        assert power_law_integral(exponent, low, high) == pytest.approx(float(total), rel=2e-9)
        uniform = np.array([0.0, 1e-6, 0.3, 0.9, 1.0])
        for u, found in zip(uniform, power_law(uniform, exponent, low, high), strict=True):
            part = mpmath.mpf(u) * total
            radius = a * mpmath.exp(part) if p == 0 else (a**p + p * part) ** (1 / p)
            radius = b if u == 1 else radius
            assert found == pytest.approx(float(radius), rel=1e-8)


# The density of coordinates that sum to 0


@pytest.mark.parametrize("spread", [0.0, 2.0, 6.0])
@pytest.mark.parametrize("level", [1e-8, 1.0, 1e4])
def test_the_quadrature_finds_the_density_of_a_sum_at_zero(spread: float, level: float) -> None:
    """With one Gaussian each the sum is Gaussian; with two scales it is a mixture of as many as
    there are choices.
    """
    count = 4
    variances = level * torch.logspace(-spread / 2, spread / 2, count, dtype=torch.float64)[:, None]
    one = marginals.Marginals(torch.ones(count, 1, dtype=torch.float64), variances)
    expected = -0.5 * math.log(2 * math.pi * float(variances.sum()) / count)
    assert zero_sum.ZeroSum(one).log_density == pytest.approx(expected, abs=1e-9)

    pairs = torch.cat([variances, 100 * variances], 1)
    weights = torch.tensor([[0.9, 0.1]], dtype=torch.float64).expand(count, 2)
    choices = torch.cartesian_prod(*[torch.arange(2)] * count)
    scales = pairs[torch.arange(count), choices].sum(1) / count
    chances = weights[torch.arange(count), choices].prod(1)
    density = float((chances * (2 * math.pi * scales).rsqrt()).sum())
    found = zero_sum.ZeroSum(marginals.Marginals(weights, pairs)).log_density
    assert found == pytest.approx(math.log(density), abs=1e-9)


# Smaller claims


@pytest.mark.parametrize("percent", [0, 0.4, 37.5, 50, 99.6, 100])
@pytest.mark.parametrize("size", [(7, 9), (16, 16)])
def test_as_many_values_are_missing_as_is_stated(percent: float, size: tuple[int, int]) -> None:
    image = torch.full((1, 1, *size), 0.5)
    pixels = math.prod(size)
    told = pixels - round(percent / 100 * pixels)
    # With more, or with none of one kind left, the task refuses: nothing would tell which pixels
    # are right.
    if percent <= 50:
        problem = DenoiseSaltPepper(percent).corrupt(image, generator())
        assert int(problem.operator.restrict(torch.ones_like(image)).sum()) == told
    if told:
        missing = Inpaint(percent).corrupt(image, generator()).operator
        assert int(missing.restrict(torch.ones_like(image)).sum()) == told


def test_the_weight_of_the_data_has_its_floor_where_it_is_stated() -> None:
    above, below = math.nextafter(NOISE_FLOOR, 1), math.nextafter(NOISE_FLOOR, 0)
    assert fidelity_weight(0) == fidelity_weight(below) == pytest.approx(1e6)
    assert fidelity_weight(above) < fidelity_weight(NOISE_FLOOR) == fidelity_weight(0)
    assert fidelity_weight(0.1, trust=2.0) == pytest.approx(200)


MATLAB = np.linalg.inv(np.array([[1, 0.956, 0.621], [1, -0.272, -0.647], [1, -1.106, 1.703]]))[0]
"""The weights of MATLAB's rgb2gray: the first row of the inverse of its matrix from YIQ to RGB."""


def test_gray_is_that_of_matlab_to_the_stated_error_and_keeps_gray() -> None:
    corners = np.array(np.meshgrid([0, 1], [0, 1], [0, 1])).reshape(3, -1).T.astype(np.float32)
    found = to_gray(corners.reshape(2, 4, 3)).ravel()
    assert 5e-5 < np.abs(found - corners @ MATLAB).max() < 7e-5
    levels = np.arange(256, dtype=np.float32) / 255
    gray = to_gray(np.repeat(levels[None, :, None], 3, axis=2))[0]
    assert np.abs(gray - levels).max() < 2e-7
    assert LUMA.sum() == pytest.approx(1, abs=1e-7)
