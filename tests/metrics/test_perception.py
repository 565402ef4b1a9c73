"""GMSD and HaarPSI against their papers' formulas, written out, VIF against torchmetrics."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torchmetrics.functional.image import visual_information_fidelity

from priorbench.errors import NotApplicable
from priorbench.metrics.gmsd import gmsd
from priorbench.metrics.haarpsi import haarpsi
from priorbench.metrics.information import vif
from priorbench.metrics.luminance import gray_levels, halved


def picture(height: int = 48, width: int = 52, channels: int = 1) -> np.ndarray:
    rng = np.random.default_rng(0)
    coarse = rng.random((-(-height // 4), -(-width // 4), channels))
    fine = np.kron(coarse, np.ones((4, 4, 1)))[:height, :width]
    return 0.2 + 0.6 * fine + 0.05 * rng.random((height, width, channels))


def noisy(clean: np.ndarray, amount: float) -> np.ndarray:
    return (clean + amount * np.random.default_rng(1).normal(size=clean.shape)).clip(0, 1)


def half(image: np.ndarray) -> np.ndarray:
    rows, columns = (side // 2 for side in image.shape[:2])
    return np.array(
        [
            [255 * image[2 * i : 2 * i + 2, 2 * j : 2 * j + 2].mean() for j in range(columns)]
            for i in range(rows)
        ]
    )


def pixel_sum(plane: np.ndarray, top: int, left: int, weights: np.ndarray) -> float:
    """Return a weighted sum over a window whose first pixel is given, 0 outside of the plane."""
    total = 0.0
    for i, j in np.ndindex(*weights.shape):
        row, column = top + i, left + j
        if 0 <= row < plane.shape[0] and 0 <= column < plane.shape[1]:
            total += weights[i, j] * plane[row, column]
    return total


def test_gmsd_is_the_paper_s_formula_pixel_by_pixel():
    clean = picture(12, 14)
    restored = noisy(clean, 0.1)
    across = np.array([[1, 0, -1]] * 3) / 3
    similarities = []
    planes = half(restored), half(clean)
    for i, j in np.ndindex(*planes[0].shape):
        one, two = (
            math.hypot(
                pixel_sum(plane, i - 1, j - 1, across), pixel_sum(plane, i - 1, j - 1, across.T)
            )
            for plane in planes
        )
        similarities.append((2 * one * two + 170) / (one**2 + two**2 + 170))
    assert gmsd(restored, clean) == pytest.approx(float(np.std(similarities)))


def test_haarpsi_is_the_paper_s_formula_pixel_by_pixel():
    clean = picture(24, 20)
    restored = noisy(clean, 0.1)
    planes = half(restored), half(clean)
    over = under = 0.0
    for i, j in np.ndindex(*planes[0].shape):
        for is_turned in (False, True):
            magnitudes = []
            for scale in (1, 2, 3):
                side = 2**scale
                step = np.ones((side, side)) / side
                step[: side // 2] *= -1
                first = 1 - side // 2
                weights = step.T if is_turned else step
                magnitudes.append(
                    [abs(pixel_sum(plane, i + first, j + first, weights)) for plane in planes]
                )
            similarity = np.mean([(2 * a * b + 30) / (a**2 + b**2 + 30) for a, b in magnitudes[:2]])
            weight = max(magnitudes[2])
            over += weight / (1 + math.exp(-4.2 * similarity))
            under += weight
    mean = over / under
    expected = (math.log(mean / (1 - mean)) / 4.2) ** 2
    assert haarpsi(restored, clean) == pytest.approx(expected)


@pytest.mark.parametrize("amount", [0.02, 0.1])
@pytest.mark.parametrize("shape", [(64, 72), (41, 53)])
def test_vif_is_that_of_torchmetrics_for_gray_levels_to_255(amount, shape):
    clean = picture(*shape)
    restored = noisy(clean, amount)
    planes = (torch.from_numpy(255 * image[..., 0])[None, None] for image in (restored, clean))
    expected = float(visual_information_fidelity(*planes))
    assert vif(restored, clean) == pytest.approx(expected, rel=1e-6)


def test_vif_is_that_of_torchmetrics_where_places_are_flat_or_inverted():
    clean = picture(64, 72)
    clean[:40, :40] = 0.5
    restored = clean.copy()
    restored[:, 36:] = 1 - clean[:, 36:]
    restored[40:] = 0.4
    planes = (torch.from_numpy(255 * image[..., 0])[None, None] for image in (restored, clean))
    expected = float(visual_information_fidelity(*planes))
    assert vif(restored, clean) == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("channels", [1, 3])
def test_equal_images_have_the_best_value_and_more_noise_a_worse_one(channels):
    clean = picture(channels=channels)
    copies = [noisy(clean, amount) for amount in (0, 0.03, 0.1, 0.3)]
    for metric, best, sign in ((gmsd, 0, 1), (haarpsi, 1, -1), (vif, 1, -1)):
        values = [sign * metric(copy, clean) for copy in copies]
        assert values[0] == pytest.approx(sign * best, abs=1e-6)
        assert values == sorted(values) and len(set(values)) == 4


@pytest.mark.parametrize("metric", [gmsd, haarpsi, vif])
def test_colours_are_compared_by_their_luminance(metric):
    clean = picture(channels=3)
    restored = noisy(clean, 0.1)
    gray = [image @ np.array([[0.299], [0.587], [0.114]]) for image in (restored, clean)]
    assert metric(restored, clean) == pytest.approx(metric(*gray))


def test_more_contrast_has_more_information_than_the_clean_image_and_less_has_less():
    clean = 0.5 + 0.3 * (picture() - 0.5)
    assert vif(0.5 + 1.5 * (clean - 0.5), clean) > 1.02
    assert vif(0.5 + 0.5 * (clean - 0.5), clean) < 0.9


@pytest.mark.parametrize(("metric", "side"), [(gmsd, 6), (haarpsi, 16), (vif, 41)])
def test_smaller_images_have_no_value_and_say_so(metric, side):
    image = picture(60, 64)[:side]
    assert math.isfinite(metric(image, image))
    with pytest.raises(NotApplicable, match=f"at least {side} pixels a side"):
        metric(image[:-1], image[:-1])


def test_black_and_flat_images_are_equal_to_themselves_or_have_no_value():
    for level in (0.0, 0.5):
        flat = np.full((48, 48, 1), level)
        assert gmsd(flat, flat) == 0
        assert haarpsi(flat, flat) == pytest.approx(1)
        with pytest.raises(NotApplicable, match="flat"):
            vif(flat, flat)


def test_an_odd_row_is_left_out_of_the_means():
    plane = np.arange(15.0).reshape(3, 5)
    np.testing.assert_array_equal(halved(plane), [[3, 5]])
    assert gray_levels(np.ones((1, 1, 3))).item() == pytest.approx(255)
