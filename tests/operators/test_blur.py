from __future__ import annotations

import numpy as np
import pytest
import scipy.ndimage
import scipy.signal
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from priorbench.operators import Blur, DecimatedBlur


def some_kernel(rows: int, columns: int, seed: int = 0) -> Tensor:
    """A kernel without any symmetry, so that a flip or a transposition shows."""
    weights = (
        torch.rand(
            (rows, columns), dtype=torch.float64, generator=torch.Generator().manual_seed(seed)
        )
        + 0.01
    )
    return weights / weights.sum()


def some_image(*shape: int) -> Tensor:
    return torch.rand(shape, dtype=torch.float64, generator=torch.Generator().manual_seed(1))


odd = st.integers(0, 3).map(lambda half: 2 * half + 1)
sides = st.integers(7, 12)


@given(odd, odd, sides, sides, st.sampled_from([1, 3]), st.integers(0, 1000))
def test_circular_blur_is_convolution_with_wrapped_borders(
    rows, columns, height, width, channels, seed
):
    kernel, image = some_kernel(rows, columns, seed), some_image(2, channels, height, width)
    found = Blur(kernel, (channels, height, width)).forward(image)
    for plane, expected in zip(
        found.flatten(0, 1).numpy(), image.flatten(0, 1).numpy(), strict=True
    ):
        np.testing.assert_allclose(
            plane, scipy.ndimage.convolve(expected, kernel.numpy(), mode="wrap"), atol=1e-12
        )


@given(odd, odd, sides, sides, st.sampled_from([1, 3]), st.integers(0, 1000))
def test_valid_blur_is_what_scipy_calls_valid(rows, columns, height, width, channels, seed):
    kernel, image = some_kernel(rows, columns, seed), some_image(2, channels, height, width)
    found = Blur(kernel, (channels, height, width), "valid").forward(image)
    for plane, clean in zip(found.flatten(0, 1).numpy(), image.flatten(0, 1).numpy(), strict=True):
        expected = scipy.signal.convolve2d(clean, kernel.numpy(), mode="valid")
        np.testing.assert_allclose(plane, expected, atol=1e-12)


@pytest.mark.slow
def test_a_kernel_as_large_as_the_image_leaves_one_valid_value():
    kernel, image = some_kernel(7, 5), some_image(1, 1, 7, 5)
    found = Blur(kernel, (1, 7, 5), "valid").forward(image)
    torch.testing.assert_close(found, (kernel.flip(0, 1) * image).sum().reshape(1, 1, 1, 1))


def test_the_valid_estimate_lies_where_the_observation_does():
    y = some_image(1, 1, 6, 9)
    estimate = Blur(some_kernel(5, 3), (1, 10, 11), "valid").estimate(y)
    assert torch.equal(estimate[..., 2:-2, 1:-1], y)
    assert torch.equal(estimate[..., 0, 1:-1], y[..., 0, :])


def test_valid_and_circular_agree_inside():
    kernel, image = some_kernel(5, 3), some_image(1, 1, 12, 11)
    circular, valid = (
        Blur(kernel, (1, 12, 11), boundary).forward(image) for boundary in ("circular", "valid")
    )
    torch.testing.assert_close(circular[..., 2:-2, 1:-1], valid)


BAD_KERNELS = {
    "flat": (torch.ones(3), r"matrix.*shape \(3,\)"),
    "whole numbers": (torch.ones(3, 3, dtype=torch.int64), "floating-point matrix"),
    "even": (torch.ones(3, 4), "odd sides.*3 × 4"),
    "negative": (torch.tensor([[0.5, -0.1, 0.6]]), "at least 0"),
    "nan": (torch.tensor([[0.5, float("nan"), 0.5]]), "finite"),
    "infinite": (torch.tensor([[0.5, float("inf"), 0.5]]), "finite"),
    "zero": (torch.zeros(3, 3), "zero everywhere"),
    "too high": (torch.ones(9, 3), "9 × 3 is larger than the image of 8 × 6"),
    "too wide": (torch.ones(3, 7), "3 × 7 is larger than the image of 8 × 6"),
}


@pytest.mark.parametrize(("kernel", "message"), BAD_KERNELS.values(), ids=BAD_KERNELS)
@pytest.mark.parametrize(
    "make", [Blur, lambda kernel, shape: DecimatedBlur(kernel, shape, 2)], ids=["blur", "decimated"]
)
def test_what_is_no_kernel_is_refused(make, kernel, message):
    with pytest.raises(ValueError, match=message):
        make(kernel, (1, 8, 6))


@pytest.mark.usefixtures("unchecked")
def test_an_unknown_boundary_is_answered_with_the_known_ones():
    with pytest.raises(ValueError, match="circular, valid, not 'reflect'"):
        Blur(torch.ones(1, 1), (1, 4, 4), "reflect")
