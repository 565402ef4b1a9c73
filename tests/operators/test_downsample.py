from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from priorbench.operators import DecimatedBlur, Downsample
from priorbench.operators.resampling import resampling_matrix


def cubic(x: float) -> float:
    """As in the listing of MATLAB's imresize."""
    x = abs(x)
    if x <= 1:
        return 1.5 * x**3 - 2.5 * x**2 + 1
    if x <= 2:
        return -0.5 * x**3 + 2.5 * x**2 - 4 * x + 2
    return 0.0


def imresize_row(row: list[float], length: int) -> list[float]:
    """The rule of MATLAB's imresize for one row: one-based positions, its auxiliary indices, plain
    loops.
    """
    size = len(row)
    scale = length / size
    width = 4 / scale if scale < 1 else 4.0
    mirrored = [*range(1, size + 1), *range(size, 0, -1)]
    result = []
    for x in range(1, length + 1):
        u = x / scale + 0.5 * (1 - 1 / scale)
        left = math.floor(u - width / 2)
        total, weights = 0.0, 0.0
        for k in range(math.ceil(width) + 2):
            position = left + k
            weight = scale * cubic(scale * (u - position)) if scale < 1 else cubic(u - position)
            total += weight * row[mirrored[(position - 1) % (2 * size)] - 1]
            weights += weight
        result.append(total / weights)
    return result


def imresize(image: np.ndarray, height: int, width: int) -> np.ndarray:
    columns = [imresize_row(list(column), height) for column in image.T]
    rows = [imresize_row(list(row), width) for row in np.array(columns).T]
    return np.array(rows)


@pytest.mark.slow
@given(st.integers(1, 6), st.integers(1, 6), st.sampled_from([2, 3, 4, 8]), st.integers(0, 1000))
def test_bicubic_is_the_rule_of_imresize(rows, columns, factor, seed):
    height, width = rows * factor, columns * factor
    image = np.random.default_rng(seed).random((height, width))
    found = Downsample((1, height, width), factor, dtype=torch.float64).forward(
        torch.from_numpy(image)[None, None]
    )
    np.testing.assert_allclose(found[0, 0].numpy(), imresize(image, rows, columns), atol=1e-12)


@pytest.mark.slow
@given(st.integers(1, 6), st.integers(1, 6), st.sampled_from([2, 3, 4, 8]), st.integers(0, 1000))
def test_the_estimate_is_imresize_in_the_other_direction(rows, columns, factor, seed):
    y = np.random.default_rng(seed).random((rows, columns))
    operator = Downsample((1, rows * factor, columns * factor), factor, dtype=torch.float64)
    found = operator.estimate(torch.from_numpy(y)[None, None])[0, 0].numpy()
    np.testing.assert_allclose(found, imresize(y, rows * factor, columns * factor), atol=1e-12)


@pytest.mark.parametrize("factor", [2, 3, 4, 8])
def test_area_is_the_mean_of_each_block(factor):
    image = torch.rand(1, 3, 3 * factor, 2 * factor, dtype=torch.float64)
    found = Downsample((3, 3 * factor, 2 * factor), factor, "area", torch.float64).forward(image)
    torch.testing.assert_close(found, torch.nn.functional.avg_pool2d(image, factor))


@given(
    st.integers(1, 40),
    st.integers(1, 40),
    st.sampled_from(["bicubic", "lanczos2", "area"]),
    st.floats(-1, 1),
)
def test_weights_sum_to_one(length, new, kernel, shift):
    sums = resampling_matrix(length, new, kernel, shift if kernel != "area" else 0.0).sum(dim=1)
    torch.testing.assert_close(sums, torch.ones(new, dtype=torch.float64))


def ramp(height: int, width: int) -> torch.Tensor:
    rows, columns = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
    return (0.1 + 0.02 * rows.double() + 0.03 * columns.double())[None, None]


def centred_blob(
    height: int, width: int, row: float, column: float, deviation: float
) -> torch.Tensor:
    rows, columns = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
    return torch.exp(-((rows - row) ** 2 + (columns - column) ** 2) / (2 * deviation**2)).double()[
        None, None
    ]


def centre_of_mass(image: torch.Tensor) -> tuple[float, float]:
    plane = image[0, 0]
    rows, columns = torch.arange(plane.shape[0]).double(), torch.arange(plane.shape[1]).double()
    return float((plane.sum(1) * rows).sum() / plane.sum()), float(
        (plane.sum(0) * columns).sum() / plane.sum()
    )


def operators(factor: int, height: int, width: int) -> dict[str, Downsample | DecimatedBlur]:
    kernel = torch.ones(3, 3, dtype=torch.float64) / 9
    return {
        **{
            kind: Downsample((1, height, width), factor, kind, torch.float64)
            for kind in ("bicubic", "lanczos2", "area")
        },
        "decimated": DecimatedBlur(kernel, (1, height, width), factor),
    }


@pytest.mark.parametrize("kind", ["bicubic", "lanczos2", "area", "decimated"])
@pytest.mark.parametrize("factor", [1, 2, 3, 4])
def test_inside_the_estimate_reproduces_a_ramp(kind, factor):
    height, width = 12 * factor, 14 * factor
    operator = operators(factor, height, width)[kind]
    image = ramp(height, width)
    estimate = operator.estimate(operator.forward(image))
    inside = np.s_[..., 4 * factor : -4 * factor, 4 * factor : -4 * factor]
    torch.testing.assert_close(estimate[inside], image[inside], rtol=0, atol=1e-9)


@pytest.mark.parametrize("kind", ["bicubic", "lanczos2", "area", "decimated"])
@pytest.mark.parametrize("factor", [2, 3, 4, 8])
def test_the_estimate_does_not_shift_a_blob(kind, factor):
    height, width = 16 * factor, 20 * factor
    place = 7.3 * factor, 11.1 * factor
    image = centred_blob(height, width, *place, deviation=1.7 * factor)
    operator = operators(factor, height, width)[kind]
    assert centre_of_mass(operator.estimate(operator.forward(image))) == pytest.approx(
        place, abs=0.05
    )


@pytest.mark.parametrize("kind", ["bicubic", "lanczos2", "area", "decimated"])
@pytest.mark.parametrize(
    ("factor", "fitting"),
    [(2, "16 × 16"), (3, "15 × 15"), (5, "15 × 15")],
    ids=["two", "three", "five"],
)
def test_a_factor_that_does_not_divide_names_the_size_that_fits(kind, factor, fitting):
    with pytest.raises(
        ValueError, match=f"{factor} does not divide 17 × 17: crop the image to {fitting}"
    ):
        operators(factor, 17, 17)[kind]


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize("factor", [0, -2, 1.5])
def test_a_factor_that_is_no_positive_whole_number_is_refused(factor):
    with pytest.raises(ValueError, match="whole number of at least 1"):
        Downsample((1, 6, 6), factor)


def test_an_unknown_kernel_is_answered_with_the_known_ones():
    with pytest.raises(ValueError, match="bicubic, lanczos2, area, not 'nearest'"):
        Downsample((1, 4, 4), 2, "nearest")
