from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from priorbench.operators import RandomProjection

signs = torch.zeros(3, 4, dtype=torch.bool)
indices = torch.tensor([0, 5])


@given(st.integers(1, 9), st.integers(1, 9), st.integers(0, 1000))
def test_all_coefficients_together_are_an_orthonormal_transform(height, width, seed):
    generator = torch.Generator().manual_seed(seed)
    operator = RandomProjection(
        torch.rand((height, width), generator=generator) < 0.5, torch.arange(height * width)
    )
    x = torch.randn((1, 1, height, width), dtype=torch.float64, generator=generator)
    torch.testing.assert_close(operator.forward(x).norm(), x.norm())
    torch.testing.assert_close(operator.adjoint(operator.forward(x)), x)


def test_a_coefficient_is_a_sum_of_cosines_and_sines_over_turned_pixels():
    x = torch.randn((1, 1, 3, 4), dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    turned = torch.rand((3, 4), generator=torch.Generator().manual_seed(1)) < 0.5
    found = RandomProjection(turned, torch.arange(12)).forward(x)
    for index in range(12):
        u, v = divmod(index, 4)
        total = 0.0
        for row in range(3):
            for column in range(4):
                angle = torch.tensor(
                    2 * torch.pi * (u * row / 3 + v * column / 4), dtype=torch.float64
                )
                sign = -1 if turned[row, column] else 1
                total += sign * x[0, 0, row, column] * (angle.cos() + angle.sin())
        torch.testing.assert_close(found[0, 0, 0, index], total / 12**0.5)


@pytest.mark.parametrize(
    ("turned", "selected", "message"),
    [
        (signs.float(), indices, "signs must be a bool matrix"),
        (signs[0], indices, "signs must be a bool matrix"),
        (signs, indices.float(), "vector of int64"),
        (signs, indices[None], "vector of int64"),
        (signs, indices[:0], "at least one entry"),
        (signs, torch.tensor([0, 12]), "different numbers from 0 to 11"),
        (signs, torch.tensor([-1, 3]), "different numbers from 0 to 11"),
        (signs, torch.tensor([3, 5, 3]), "different numbers from 0 to 11"),
    ],
)
def test_impossible_projections_are_refused(turned, selected, message):
    with pytest.raises(ValueError, match=message):
        RandomProjection(turned, selected)
