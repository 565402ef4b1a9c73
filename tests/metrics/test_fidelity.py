from __future__ import annotations

import math
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from priorbench.errors import NotApplicable
from priorbench.metrics.fidelity import EXACT, luma, psnr, psnr_y, rmse, ssim


def random_image(seed: int, height: int = 13, width: int = 15, channels: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).random((height, width, channels), dtype=np.float32)


@given(st.integers(0, 1000), st.sampled_from([1, 3]))
def test_psnr_is_its_definition_summed_pixel_by_pixel(seed, channels):
    restored, clean = random_image(seed, 3, 4, channels), random_image(seed + 1, 3, 4, channels)
    error = sum(
        (float(restored[i]) - float(clean[i])) ** 2
        for i in product(range(3), range(4), range(channels))
    )
    assert psnr(restored, clean) == pytest.approx(10 * math.log10(12 * channels / error))


def brute_force_ssim(x: np.ndarray, y: np.ndarray) -> float:
    """Equation 13 of Wang et al. with weighted moments, at every pixel whose window lies inside the
    image.
    """
    offsets = np.arange(-5, 6)
    window = np.exp(-(offsets[:, None] ** 2 + offsets[None, :] ** 2) / (2 * 1.5**2))
    window /= window.sum()
    values = []
    for row, column in product(range(x.shape[0] - 10), range(x.shape[1] - 10)):
        a, b = (image[row : row + 11, column : column + 11] for image in (x, y))
        mean_a, mean_b = (window * a).sum(), (window * b).sum()
        var_a, var_b = (window * (a - mean_a) ** 2).sum(), (window * (b - mean_b) ** 2).sum()
        covariance = (window * (a - mean_a) * (b - mean_b)).sum()
        values.append(
            (2 * mean_a * mean_b + 0.01**2)
            * (2 * covariance + 0.03**2)
            / ((mean_a**2 + mean_b**2 + 0.01**2) * (var_a + var_b + 0.03**2))
        )
    return float(np.mean(values))


@pytest.mark.parametrize("channels", [1, 3])
def test_ssim_is_the_paper_s_formula(channels):
    clean = random_image(1, channels=channels)
    restored = (0.7 * clean + 0.3 * random_image(2, channels=channels)).astype(np.float32)
    expected = np.mean(
        [
            brute_force_ssim(restored[..., c].astype(float), clean[..., c].astype(float))
            for c in range(channels)
        ]
    )
    assert ssim(restored, clean) == pytest.approx(expected)


@pytest.mark.parametrize("channels", [1, 3])
def test_equal_images_have_the_highest_psnr_and_ssim_one(channels):
    image = random_image(0, channels=channels)
    assert psnr(image, image.copy()) == psnr_y(image, image.copy()) == EXACT == 120
    assert ssim(image, image.copy()) == pytest.approx(1)


@given(st.floats(-9, -3))
def test_psnr_falls_with_the_error_and_is_never_above_that_of_equal_images(power):
    clean = np.full((4, 4, 1), 0.5)
    assert psnr(clean + 10**power, clean) == pytest.approx(min(EXACT, -20 * power))


@pytest.mark.parametrize("metric", [psnr, ssim])
def test_values_outside_the_range_count_as_clipped(metric):
    clean = random_image(3)
    wild = 3 * random_image(4) - 1
    assert metric(wild, clean) == metric(wild.clip(0, 1), clean)


@pytest.mark.parametrize("metric", [psnr, ssim])
def test_more_noise_scores_lower(metric):
    clean, noise = random_image(5, 32, 32), random_image(6, 32, 32) - 0.5
    scores = [metric(clean + amount * noise, clean) for amount in (0.1, 0.3, 0.9)]
    assert scores == sorted(scores, reverse=True)
    assert len(set(scores)) == 3


@pytest.mark.parametrize("metric", [psnr, ssim])
def test_nan_is_an_error_and_no_score(metric):
    clean, broken = random_image(7), random_image(8)
    broken[0, 0] = np.nan
    for pair in ((broken, clean), (clean, broken)):
        with pytest.raises(ValueError, match="NaN"):
            metric(*pair)


@pytest.mark.parametrize("metric", [psnr, ssim])
@pytest.mark.parametrize("shape", [(13, 15), (13, 15, 3), (15, 13, 1)])
def test_images_of_other_shapes_are_not_compared(metric, shape):
    with pytest.raises(ValueError, match="not"):
        metric(np.zeros(shape), random_image(0))


def test_ssim_says_when_an_image_is_smaller_than_its_window():
    image = random_image(0, 10, 40)
    with pytest.raises(NotApplicable, match="at least 11 pixels"):
        ssim(image, image)
    assert psnr(image, 1 - image) > 0


@given(st.integers(0, 1000))
def test_the_psnr_of_luma_is_matlab_s_formula_by_hand(seed):
    restored, clean = random_image(seed, 3, 4, 3), random_image(seed + 1, 3, 4, 3)
    error = 0.0
    for row, column in product(range(3), range(4)):
        (r, g, b), (s, h, c) = restored[row, column].astype(float), clean[row, column].astype(float)
        error += ((65.481 * (r - s) + 128.553 * (g - h) + 24.966 * (b - c)) / 255) ** 2
    assert psnr_y(restored, clean) == pytest.approx(10 * math.log10(12 / error))


def test_luma_goes_from_16_to_235():
    black, white, gray = (np.full((1, 1, 3), value) for value in (0.0, 1.0, 0.5))
    assert luma(black).item() == pytest.approx(16 / 255)
    assert luma(white).item() == pytest.approx(235 / 255)
    assert luma(gray).item() == pytest.approx((16 + 235) / 2 / 255)


def test_of_gray_images_luma_is_the_image_itself():
    restored, clean = random_image(1), random_image(2)
    assert psnr_y(restored, clean) == psnr(restored, clean)


@given(st.integers(0, 1000), st.sampled_from([1, 3]))
def test_rmse_and_psnr_say_the_same(seed, channels):
    restored, clean = (
        random_image(seed, channels=channels),
        random_image(seed + 1, channels=channels),
    )
    assert psnr(restored, clean) == pytest.approx(-20 * math.log10(rmse(restored, clean)))


@pytest.mark.parametrize("metric", [psnr_y, rmse])
def test_nan_and_other_shapes_are_errors_of_these_too(metric):
    clean, broken = random_image(7, channels=3), random_image(8, channels=3)
    broken[0, 0] = np.nan
    with pytest.raises(ValueError, match="NaN"):
        metric(broken, clean)
    with pytest.raises(ValueError, match="compared, not"):
        metric(clean[:-1], clean)
