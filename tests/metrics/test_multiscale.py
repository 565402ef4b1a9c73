from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import convolve1d, gaussian_filter

from priorbench.errors import NotApplicable
from priorbench.metrics.multiscale import ms_ssim

WEIGHTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)


def picture(height: int, width: int, channels: int = 1) -> np.ndarray:
    noise = np.random.default_rng(0).random((height, width, channels))
    smooth = gaussian_filter(noise, (3, 3, 0))
    return (smooth - smooth.min()) / np.ptp(smooth)


def moments(image: np.ndarray) -> np.ndarray:
    """The weighted mean over each window of 11 × 11 that lies inside the image."""
    offsets = np.arange(-5, 6)
    window = np.exp(-(offsets**2) / (2 * 1.5**2))
    window /= window.sum()
    for axis in (0, 1):
        image = convolve1d(image, window, axis=axis)
    return image[5:-5, 5:-5]


def by_hand(x: np.ndarray, y: np.ndarray) -> float:
    """Equation 7 of Wang et al.: contrast and structure at every scale, luminance at the coarsest."""
    product = 1.0
    for scale, weight in enumerate(WEIGHTS):
        mean_x, mean_y = moments(x), moments(y)
        var_x, var_y = moments(x * x) - mean_x**2, moments(y * y) - mean_y**2
        covariance = moments(x * y) - mean_x * mean_y
        structure = (2 * covariance + 0.03**2) / (var_x + var_y + 0.03**2)
        if scale == len(WEIGHTS) - 1:
            structure = (
                structure * (2 * mean_x * mean_y + 0.01**2) / (mean_x**2 + mean_y**2 + 0.01**2)
            )
        product *= structure.mean() ** weight
        height, width = (side // 2 for side in x.shape)
        x, y = (
            z[: 2 * height, : 2 * width].reshape(height, 2, width, 2).mean(axis=(1, 3))
            for z in (x, y)
        )
    return product


def noisy(clean: np.ndarray, amount: float) -> np.ndarray:
    return clean + amount * np.random.default_rng(1).normal(size=clean.shape)


@pytest.mark.parametrize("shape", [(176, 192), (181, 178)])
def test_it_is_the_paper_s_product_over_scales(shape):
    clean = picture(*shape)
    restored = noisy(clean, 0.1).clip(0, 1)
    assert ms_ssim(restored, clean) == pytest.approx(
        by_hand(restored[..., 0], clean[..., 0]), abs=1e-3
    )


def test_channels_are_averaged():
    clean = picture(176, 176, 3)
    restored = noisy(clean, 0.1).clip(0, 1)
    alone = [ms_ssim(restored[..., c : c + 1], clean[..., c : c + 1]) for c in range(3)]
    assert ms_ssim(restored, clean) == pytest.approx(np.mean(alone))


@pytest.mark.slow
@pytest.mark.parametrize("channels", [1, 3])
def test_equal_images_score_one_and_more_noise_scores_lower(channels):
    clean = picture(180, 190, channels)
    scores = [ms_ssim(noisy(clean, amount), clean) for amount in (0, 0.05, 0.1, 0.3)]
    assert scores[0] == pytest.approx(1)
    assert scores == sorted(scores, reverse=True)
    assert len(set(scores)) == 4


def test_176_pixels_are_enough_and_175_are_not_and_say_so():
    assert ms_ssim(picture(176, 176), picture(176, 176)) == pytest.approx(1)
    with pytest.raises(NotApplicable, match="at least 176 pixels a side"):
        ms_ssim(picture(175, 300), picture(175, 300))


def test_values_outside_the_range_count_as_clipped_and_nan_is_an_error():
    clean, wild = picture(176, 176), 3 * picture(176, 176) - 1
    assert ms_ssim(wild, clean) == ms_ssim(wild.clip(0, 1), clean)
    wild[0, 0] = np.nan
    with pytest.raises(ValueError, match="NaN"):
        ms_ssim(wild, clean)


def test_an_inverted_image_scores_zero_and_not_nan():
    assert ms_ssim(1 - picture(176, 176), picture(176, 176)) == 0
