"""The sliding cosine transform against loops; the shearlets' frame against its definition."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from scipy.fft import dctn, idctn

from plugins.transforms.dct import SlidingDct
from plugins.transforms.shearlets import MARGIN, Shearlets, shearlet_frame

SIGMA = 0.1


def noise(*shape: int) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("size", [2, 5, 8, 20])
def test_the_sliding_transform_averages_thresholded_patches(size):
    image, threshold = 0.5 + 0.2 * noise(1, 1, 12, 15), 2.0
    side = min(size, 12)
    total, count = np.zeros((12, 15)), np.zeros((12, 15))
    for top in range(12 - side + 1):
        for left in range(15 - side + 1):
            here = np.s_[top : top + side, left : left + side]
            spectrum = dctn(image[0, 0].double().numpy()[here], norm="ortho")
            kept = np.where(np.abs(spectrum) > threshold * SIGMA, spectrum, 0)
            kept[0, 0] = spectrum[0, 0]
            total[here] += idctn(kept, norm="ortho")
            count[here] += 1
    found = SlidingDct(size, threshold).denoise(image, SIGMA)[0, 0]
    np.testing.assert_allclose(found.numpy(), total / count, atol=1e-5)


def test_a_dark_patch_keeps_its_mean():
    image = torch.full((1, 1, 16, 16), 1e-3)
    torch.testing.assert_close(SlidingDct(8, 3.0).denoise(image, SIGMA), image)


SIZES = [(33, 45, 3), (75, 63, 4), (9, 9, 2), (1, 5, 1)]


@pytest.mark.parametrize(("height", "width", "scales"), SIZES)
def test_the_frame_is_tight(height, width, scales):
    frame = shearlet_frame(height, width, scales)
    total = frame.filters.double().square().sum(0)
    torch.testing.assert_close(total, torch.ones_like(total), rtol=0, atol=1e-6)


@pytest.mark.parametrize(("height", "width", "scales"), SIZES)
def test_coefficients_have_the_norm_of_the_image_and_give_it_back(height, width, scales):
    image = noise(height, width)
    filters = shearlet_frame(height, width, scales).filters
    coefficients = torch.fft.irfft2(torch.fft.rfft2(image) * filters, s=image.shape)
    torch.testing.assert_close(coefficients.square().sum(), image.square().sum())
    again = torch.fft.irfft2((torch.fft.rfft2(coefficients) * filters).sum(0), s=image.shape)
    torch.testing.assert_close(again, image, rtol=0, atol=1e-5)


def test_the_number_of_directions_doubles_at_every_second_octave():
    assert len(shearlet_frame(33, 33, 4).filters) == 1 + 4 + 8 + 8 + 16


def test_norms_are_those_of_the_coefficients_of_white_noise():
    frame = shearlet_frame(255, 315, 3)
    spectrum = torch.fft.rfft2(noise(255, 315))
    measured = torch.stack(
        [torch.fft.irfft2(spectrum * each, s=(255, 315)).std() for each in frame.filters]
    )
    # Of the low-pass few coefficients are independent.
    torch.testing.assert_close(frame.norms[1:].float(), measured[1:], rtol=0.05, atol=0)


def test_all_directions_of_a_square_image_look_alike():
    frame = shearlet_frame(65, 65, 4)
    finest = frame.norms[-16:]
    # 0 is along the rows; the eighth of a turn away has the same shape, reflected.
    for n in range(16):
        torch.testing.assert_close(finest[n], finest[-n % 16])
        torch.testing.assert_close(finest[n], finest[(8 - n) % 16])


@pytest.mark.parametrize("direction", range(16))
def test_a_wave_is_seen_by_the_filter_of_its_direction(direction):
    side, scales = 65, 4
    filters = shearlet_frame(side, side, scales).filters[-16:]
    # Frequencies at the middle of each direction, on the border of a square of radius 24.
    position = direction / 4
    if position <= 1 or position > 3:
        right, down = 24, 24 * (position if position <= 1 else position - 4)
    else:
        right, down = 24 * (2 - position), 24
    rows, columns = np.indices((side, side))
    wave = np.cos(2 * math.pi * (right * columns + down * rows) / side)
    energy = (torch.fft.rfft2(torch.from_numpy(wave).float()) * filters).abs().square().sum((1, 2))
    assert int(energy.argmax()) == direction
    assert energy[direction] > 0.99 * energy.sum()


def test_without_a_threshold_the_image_is_given_back():
    image = noise(1, 3, 20, 31)
    found = Shearlets(scales=3, threshold=0.0).denoise(image, SIGMA)
    torch.testing.assert_close(found, image, rtol=0, atol=1e-5)


def test_even_sizes_are_refused():
    with pytest.raises(ValueError, match="must be odd, not 32 and 33"):
        shearlet_frame(32, 33, 3)


@pytest.mark.parametrize("length", [1, 2, 7, 100, 321])
def test_an_image_is_continued_on_all_sides(length):
    image = noise(1, 1, length, 5)
    found = Shearlets(scales=2, threshold=1e6).denoise(image, SIGMA)
    # Nothing but the low-pass is left.
    padded = np.pad(image[0, 0].numpy(), MARGIN, mode="symmetric")
    assert found.shape == image.shape
    assert padded.min() <= float(found.min()) and float(found.max()) <= padded.max()
