from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from priorbench.operators import Mask


def plane(height: int, width: int) -> torch.Tensor:
    """An image that is linear in its coordinates, which linear interpolation reproduces."""
    rows, columns = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
    return (0.1 + 0.02 * rows + 0.03 * columns).float()[None, None]


@pytest.mark.slow
@given(st.integers(2, 9), st.integers(2, 9), st.integers(0, 1000), st.floats(0, 1))
def test_inside_the_known_corners_a_plane_is_interpolated_exactly(height, width, seed, share):
    known = torch.rand((1, height, width), generator=torch.Generator().manual_seed(seed)) < share
    for row in (0, -1):
        known[0, row, [0, -1]] = True
    image = plane(height, width)
    mask = Mask(known)
    torch.testing.assert_close(mask.estimate(mask.forward(image)), image)


@given(
    st.integers(1, 7), st.integers(1, 7), st.integers(1, 3), st.integers(0, 1000), st.floats(0, 1)
)
def test_the_estimate_keeps_known_pixels_and_stays_in_their_range(
    height, width, channels, seed, share
):
    generator = torch.Generator().manual_seed(seed)
    known = torch.rand((channels, height, width), generator=generator) < share
    known.flatten(1)[:, seed % (height * width)] = True
    mask = Mask(known)
    y = mask.forward(torch.rand((2, channels, height, width), generator=generator))
    before = y.clone()
    estimate = mask.estimate(y)
    assert torch.equal(y, before)
    assert torch.equal(estimate[:, known], y[:, known])
    for image in range(2):
        for channel in range(channels):
            values = y[image, channel][known[channel]]
            result = estimate[image, channel]
            assert values.min() - 1e-6 <= result.min() <= result.max() <= values.max() + 1e-6


@pytest.mark.slow
@given(st.integers(0, 1000))
def test_channels_and_images_are_interpolated_as_each_would_be_alone(seed):
    generator = torch.Generator().manual_seed(seed)
    known = torch.rand((3, 5, 6), generator=generator) < 0.5
    known[:, 0, 0] = True
    known[2] = known[0]
    mask = Mask(known)
    y = mask.forward(torch.rand((2, 3, 5, 6), generator=generator))
    together = mask.estimate(y)
    for image in range(2):
        for channel in range(3):
            alone = Mask(known[channel : channel + 1]).estimate(
                y[image : image + 1, channel : channel + 1]
            )
            torch.testing.assert_close(together[image, channel], alone[0, 0])


@pytest.mark.parametrize(
    "line", [[(0, 0)], [(0, 0), (0, 4)], [(0, 0), (2, 2), (4, 4)]], ids=["point", "two", "line"]
)
def test_where_known_pixels_span_no_plane_the_nearest_one_is_taken(line):
    known = torch.zeros(1, 5, 5, dtype=torch.bool)
    image = torch.zeros(1, 1, 5, 5)
    for value, (row, column) in enumerate(line):
        known[0, row, column] = True
        image[0, 0, row, column] = value + 1
    estimate = Mask(known).estimate(image)[0, 0]
    for row in range(5):
        for column in range(5):
            distances = [(row - r) ** 2 + (column - c) ** 2 for r, c in line]
            nearest = {i + 1.0 for i, d in enumerate(distances) if d == min(distances)}
            assert estimate[row, column].item() in nearest


def test_a_mask_that_hides_nothing_changes_nothing():
    y = torch.rand(1, 2, 3, 3)
    assert torch.equal(Mask(torch.ones(2, 3, 3, dtype=torch.bool)).estimate(y), y)


@pytest.mark.parametrize(
    "known", [torch.ones(1, 2, 2), torch.ones(2, 2, dtype=torch.bool)], ids=["float", "flat"]
)
def test_a_mask_must_be_bool_and_have_channels(known):
    with pytest.raises(ValueError, match="known must be a bool tensor C × H × W"):
        Mask(known)


def test_each_channel_needs_a_known_pixel():
    known = torch.ones(3, 2, 2, dtype=torch.bool)
    known[1] = False
    with pytest.raises(ValueError, match="at least one pixel of every channel"):
        Mask(known)
