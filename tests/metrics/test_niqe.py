from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter
from scipy.special import gamma
from skimage.data import camera, coffee

from priorbench.data.images import planes, read_image
from priorbench.errors import NotApplicable
from priorbench.metrics.generalised_gaussian import fitted
from priorbench.metrics.natural_statistics import FEATURES, block_statistics, normalize
from priorbench.metrics.niqe import PHOTOGRAPHS, niqe, photographs
from tools import fit_niqe


def photograph(height: int = 288, width: int = 384) -> np.ndarray:
    return camera()[100 : 100 + height, 100 : 100 + width, None] / 255


def samples(shape: float, left: float, right: float, count: int = 300_000) -> np.ndarray:
    """Values with a density ∝ exp(−(|x| / β)^α), whose β is another one on each side of 0."""
    rng = np.random.default_rng(0)
    size = rng.gamma(1 / shape, size=count) ** (1 / shape)
    is_left = rng.random(count) < left / (left + right)
    return np.where(is_left, -left * size, right * size)


@pytest.mark.parametrize("shape", [0.5, 1.0, 2.0, 4.0])
@pytest.mark.parametrize(("left", "right"), [(1.0, 1.0), (0.5, 1.5), (3.0, 0.7)])
def test_the_fit_recovers_the_parameters_of_samples(shape, left, right):
    found = fitted(samples(shape, left, right)[None])
    assert found.shape[0] == pytest.approx(shape, rel=0.03)
    assert found.left[0] == pytest.approx(left, rel=0.06)
    assert found.right[0] == pytest.approx(right, rel=0.06)
    mean = (right - left) * gamma(2 / shape) / gamma(1 / shape)
    assert found.mean[0] == pytest.approx(mean, abs=0.06 * (left + right) * max(1, abs(mean)))


def test_of_a_gaussian_the_shape_is_two_and_the_width_that_of_its_standard_deviation():
    values = np.random.default_rng(0).normal(scale=3, size=(2, 200_000))
    found = fitted(values)
    np.testing.assert_allclose(found.shape, 2, rtol=0.02)
    np.testing.assert_allclose([found.left, found.right], 3 * np.sqrt(2), rtol=0.02)


def test_rows_are_fitted_each_for_itself_and_one_without_two_sides_has_no_fit():
    rows = np.stack([samples(1, 1, 1, 1000), samples(2, 1, 3, 1000), np.zeros(1000)])
    together = fitted(rows)
    for number in range(2):
        alone = fitted(rows[number : number + 1])
        assert together.shape[number] == alone.shape[0]
        assert together.left[number] == alone.left[0]
    assert np.isnan(together.shape[2])


def test_normalized_levels_do_not_depend_on_brightness_and_hardly_on_contrast():
    plane = 255 * photograph()[..., 0]
    normalized, deviation = normalize(plane)
    brighter, same = normalize(plane + 20)
    np.testing.assert_allclose(brighter, normalized, atol=1e-6)
    np.testing.assert_allclose(same, deviation, atol=1e-6)
    np.testing.assert_allclose(normalize(2 * plane)[1], 2 * deviation, atol=1e-6)
    # The constant 1 counts where there is little contrast.
    textured = deviation > 20
    change = normalize(2 * plane)[0][textured] / normalized[textured]
    assert np.nanmax(np.abs(change - 1)) < 0.05


def test_blocks_are_those_of_the_image_row_by_row_and_a_rest_is_left_out():
    plane = 255 * photograph(250, 300)[..., 0]
    found = block_statistics(plane)
    assert found.features.shape == (2 * 3, FEATURES)
    np.testing.assert_array_equal(found.features, block_statistics(plane[:192, :288]).features)
    sharpest = np.zeros((192, 288))
    sharpest[100:180, 200:280] = 100 * np.random.default_rng(0).random((80, 80))
    assert block_statistics(sharpest).sharpness.argmax() == 5


def test_the_transposed_image_has_the_statistics_of_rows_and_columns_exchanged():
    plane = 255 * photograph(96, 96)[..., 0]
    found, turned = (block_statistics(each).features[0] for each in (plane, plane.T))
    levels, along, across, falling, rising = (
        np.r_[0:2, 18:20],
        np.r_[2:6, 20:24],
        np.r_[6:10, 24:28],
        np.r_[10:14, 28:32],
        np.r_[14:18, 32:36],
    )
    np.testing.assert_allclose(turned[along], found[across])
    np.testing.assert_allclose(turned[across], found[along])
    for same in (levels, falling, rising):
        np.testing.assert_allclose(turned[same], found[same])
    assert not np.allclose(found[along], found[across])


@pytest.mark.parametrize("image", [camera() / 255, coffee().mean(axis=2) / 255])
def test_photographs_are_more_natural_than_their_blurred_and_noisy_copies(image):
    clean = image[:288, :384, None]
    noise = np.random.default_rng(0).normal(size=clean.shape)
    blurred = [gaussian_filter(clean, (sigma, sigma, 0)) for sigma in (1, 2)]
    noisy = [clean + sigma / 255 * noise for sigma in (25, 50)]
    for worse in (blurred, noisy):
        values = [niqe(each, clean) for each in (clean, *worse)]
        assert values == sorted(values)
        assert values[2] > 1.3 * values[0]


def test_the_clean_image_is_not_looked_at_and_of_colours_the_luminance_counts():
    image = photograph()
    assert niqe(image, image) == niqe(image, 1 - image)
    assert niqe(np.repeat(image, 3, axis=2), np.repeat(image, 3, axis=2)) == pytest.approx(
        niqe(image, image), rel=1e-6
    )


def test_images_of_one_block_and_flat_ones_have_no_value_and_say_so():
    with pytest.raises(NotApplicable, match="at least 2 blocks of 96 × 96 pixels"):
        niqe(photograph(191, 191), photograph(191, 191))
    assert niqe(photograph(96, 192), photograph(96, 192)) > 0
    flat = np.full((200, 200, 1), 0.5)
    with pytest.raises(NotApplicable, match="not flat"):
        niqe(flat, flat)


def test_what_is_shipped_is_a_mean_and_a_covariance():
    mean, covariance = photographs()
    assert mean.shape == (FEATURES,) and covariance.shape == (FEATURES, FEATURES)
    np.testing.assert_array_equal(covariance, covariance.T)
    assert np.linalg.eigvalsh(covariance).min() > 0
    # Shapes and widths are positive; blocks of photographs are less than Gaussian.
    assert mean[0] > 0.5 and (mean[np.r_[0:3, 4:7, 8:11]] > 0).all()


def test_sharp_blocks_are_those_above_three_quarters_of_the_sharpest():
    image = photograph()
    blocks = block_statistics(255 * image[..., 0])
    sharp = blocks.features[blocks.sharpness > 0.75 * blocks.sharpness.max()]
    assert 0 < len(sharp) < len(blocks.features)
    table = fit_niqe.fit([image, image])
    np.testing.assert_allclose(table[0], sharp.mean(axis=0))
    assert table.shape == (1 + FEATURES, FEATURES)


@pytest.mark.slow
@pytest.mark.exhaustive
def test_the_file_is_what_the_command_makes_of_the_photographs():
    data = os.environ.get("PRIORBENCH_DATA")
    files = fit_niqe.photographs(Path(data)) if data else []
    if not files:
        pytest.skip("PRIORBENCH_DATA names no folder with bsds500_train/")
    assert len(files) == 200
    table = fit_niqe.fit(planes(read_image(file)) for file in files)
    # Entries that are almost 0 differ between processors.
    scale = np.sqrt(np.diag(table[1:]))
    kept = np.loadtxt(PHOTOGRAPHS, delimiter=",")
    assert np.abs(kept[0] - table[0]).max() < 1e-6
    assert np.abs((kept[1:] - table[1:]) / np.outer(scale, scale)).max() < 1e-6
