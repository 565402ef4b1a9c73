from __future__ import annotations

from pathlib import Path

import pytest
import torch

from priorbench.errors import NotApplicable
from priorbench.numerics.constants import NOISE_FLOOR
from priorbench.operators import Blur, Downsample, LinearOperator, Mask
from priorbench.plugins.manager import load_plugins
from priorbench.priors import Context
from priorbench.problem import Problem

SHAPE = (1, 21, 24)
SIGMA = 0.05


@pytest.fixture(scope="module")
def wiener():
    entry = load_plugins([Path(__file__).parents[2] / "plugins"], strict=True).priors["wiener"]
    return entry.load()(**entry.spec.parameters().model_dump())


def observe(operator: LinearOperator, sigma: float = SIGMA) -> Problem:
    generator = torch.Generator().manual_seed(0)
    x = torch.rand(1, *SHAPE, generator=generator)
    clean = operator.forward(x)
    noise = sigma * torch.randn(clean.shape, generator=generator)
    return Problem(clean + operator.restrict(noise), operator, sigma)


def test_a_circular_blur_is_undone_by_the_filter_in_the_fourier_domain(wiener):
    kernel = torch.rand(3, 5)
    problem = observe(Blur(kernel, SHAPE))
    padded = torch.zeros(SHAPE[1:], dtype=torch.float64)
    padded[:3, :5] = kernel
    h = torch.fft.fft2(padded.roll((-1, -2), (0, 1)))
    f = torch.fft.fftfreq(21)[:, None].double() ** 2 + torch.fft.fftfreq(24).double() ** 2
    noise_to_signal = SIGMA**2 * f / wiener.amplitude
    expected = torch.fft.ifft2(
        h.conj() * torch.fft.fft2(problem.y.double()) / (h.abs() ** 2 + noise_to_signal)
    ).real
    restored = wiener.restore(problem, Context.seeded(0)).image
    torch.testing.assert_close(restored.double(), expected, rtol=1e-3, atol=1e-3)


OPERATORS = {
    "mask": Mask(torch.rand(SHAPE, generator=torch.Generator().manual_seed(1)) > 0.5),
    "few pixels": Mask(torch.rand(SHAPE, generator=torch.Generator().manual_seed(1)) > 0.8),
    "downsample": Downsample(SHAPE, 3),
    "blur": Blur(torch.rand(3, 5, generator=torch.Generator().manual_seed(2)), SHAPE),
}


@pytest.mark.parametrize("sigma", [SIGMA, 0.0])
@pytest.mark.parametrize("operator", OPERATORS.values(), ids=OPERATORS)
def test_any_operator_is_solved_as_by_a_dense_matrix(wiener, operator, sigma):
    problem = observe(operator, sigma)
    height, width = SHAPE[1:]
    pixels = height * width
    units = torch.eye(pixels, dtype=torch.float64).reshape(pixels, *SHAPE)
    exact = operator if isinstance(operator, Mask) else operator.to("cpu", torch.float64)
    h = exact.forward(units).reshape(pixels, -1).mT
    rows, columns = (torch.fft.fftfreq(length).double() for length in (height, width))
    f = rows[:, None] ** 2 + columns**2
    precision = (
        torch.fft.ifft2(f / wiener.amplitude * torch.fft.fft2(units))
        .real.reshape(pixels, pixels)
        .mT
    )
    fidelity = max(sigma, NOISE_FLOOR) ** -2
    right = fidelity * h.mT @ problem.y.double().flatten()
    expected = torch.linalg.solve(fidelity * h.mT @ h + precision, right)
    restored = wiener.restore(problem, Context.seeded(0)).image
    torch.testing.assert_close(restored.double().flatten(), expected, rtol=0, atol=2e-3)


def test_the_amplitude_of_a_field_with_this_spectrum_is_found(wiener):
    module = __import__("sys").modules[type(wiener).__module__]
    generator = torch.Generator().manual_seed(0)
    deviation = wiener.precision(256, 256).clamp(min=1).rsqrt()
    fields = [
        torch.fft.irfft2(
            torch.fft.rfft2(torch.randn(1, 1, 256, 256, generator=generator)) * deviation
        )
        for _ in range(4)
    ]
    assert module.spectrum_amplitude(fields) == pytest.approx(wiener.amplitude, rel=0.15)


def test_without_an_operator_it_says_that_it_cannot(wiener):
    problem = Problem(torch.rand(1, 1, 9, 9), None, 0.0, corruption="a scratched negative")
    with pytest.raises(NotApplicable, match="a scratched negative"):
        wiener.restore(problem, Context.seeded(0))
