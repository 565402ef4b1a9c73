from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
import torch

from priorbench.errors import NotApplicable
from priorbench.metrics.spectrum_distance import EDGES, octave_power, spectrum_distance


def texture(side: int = 128, channels: int = 1) -> np.ndarray:
    """White noise within [0, 1]."""
    return 0.5 + 0.1 * np.random.default_rng(0).uniform(-1, 1, (side, side, channels))


def radii(side: int) -> np.ndarray:
    frequencies = np.fft.fftfreq(side)
    return np.hypot(frequencies[:, None], frequencies[None])


def filtered(image: np.ndarray, transfer: np.ndarray) -> np.ndarray:
    spectrum = np.fft.fft2(image, axes=(0, 1)) * transfer[..., None]
    return np.fft.ifft2(spectrum, axes=(0, 1)).real


def expected_gains(transfer: np.ndarray) -> np.ndarray:
    """What a filter does to white noise in each octave, in dB."""
    radius = radii(len(transfer))
    octaves = pairwise(EDGES)
    power = [np.mean(transfer[(radius >= low) & (radius < high)] ** 2) for low, high in octaves]
    return 10 * np.log10(power)


@pytest.mark.parametrize("sigma", [0.5, 1.0])
def test_a_blur_of_white_noise_has_the_logarithm_of_its_transfer_function(sigma):
    transfer = np.exp(-2 * (np.pi * sigma * radii(256)) ** 2)
    clean = texture(256)
    restored = filtered(clean, transfer)
    gains = 10 * (octave_power(restored) / octave_power(clean)).log10()
    np.testing.assert_allclose(gains[0], expected_gains(transfer), atol=0.3)
    expected = np.sqrt(np.mean(expected_gains(transfer) ** 2))
    assert spectrum_distance(restored, clean) == pytest.approx(expected, abs=0.15)


@pytest.mark.parametrize("contrast", [0.25, 0.5, 2.0])
def test_a_change_of_contrast_is_its_decibels_at_every_frequency(contrast):
    clean = texture()
    restored = 0.5 + contrast * (clean - 0.5)
    assert spectrum_distance(restored, clean) == pytest.approx(20 * abs(np.log10(contrast)))


def test_a_loss_in_one_octave_of_four_counts_half():
    radius = radii(128)
    clean = texture()
    # Away from the edges of the octave, across which the window spreads the power.
    transfer = np.where((radius > 0.27) & (radius < 0.48), 0.5, 1.0)
    gains = 10 * (octave_power(filtered(clean, transfer)) / octave_power(clean)).log10()[0]
    assert gains[:3].abs().max() < 0.5
    assert float(gains[3]) == pytest.approx(expected_gains(transfer)[3], abs=0.3)


@pytest.mark.parametrize("channels", [1, 3])
def test_equal_images_and_another_mean_have_no_distance(channels):
    clean = texture(64, channels)
    assert spectrum_distance(clean, clean) == 0
    assert spectrum_distance(clean + 0.1, clean) == pytest.approx(0, abs=1e-6)


def test_a_flat_image_has_the_power_of_rounding_to_eight_bits():
    flat = np.full((128, 128, 1), 0.5)
    rounding = np.random.default_rng(1).uniform(-0.5, 0.5, flat.shape) / 255
    assert spectrum_distance(flat, flat) == 0
    found = octave_power(flat) / octave_power(flat + 100 * rounding) * 1e4
    torch.testing.assert_close(found, torch.ones_like(found), rtol=0.4, atol=0)
    assert spectrum_distance(flat + rounding / 2, flat) == 0


def test_channels_are_averaged():
    clean = texture(64, 3)
    restored = 0.5 + np.array([0.5, 1, 2]) * (clean - 0.5)
    expected = 2 * 20 * np.log10(2) / 3
    assert spectrum_distance(restored, clean) == pytest.approx(expected)


def test_64_pixels_are_enough_and_63_are_not_and_say_so():
    assert spectrum_distance(texture(64), texture(64)) == 0
    with pytest.raises(NotApplicable, match="at least 64 pixels a side"):
        spectrum_distance(texture(63), texture(63))
