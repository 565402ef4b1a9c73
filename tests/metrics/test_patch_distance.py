from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.fft import idctn
from scipy.ndimage import gaussian_filter
from skimage.data import camera

from priorbench.errors import NotApplicable
from priorbench.metrics.patch_distance import (
    SCALES,
    directions,
    patch_distance,
    sliced_distance,
    sorted_projections,
)
from priorbench.metrics.pyramid import expanded, laplacian_pyramid


def photograph(side: int = 128) -> np.ndarray:
    return camera()[100 : 100 + side, 200 : 200 + side, None] / 255


def drawn(count: int = 64) -> torch.Tensor:
    torch.manual_seed(0)
    return directions(count)


def distance(restored: np.ndarray, clean: np.ndarray) -> float:
    torch.manual_seed(0)
    return patch_distance(restored, clean)


def cosines() -> torch.Tensor:
    """The 63 patches of the discrete cosine transform that have the mean 0."""
    units = np.eye(64).reshape(64, 8, 8)
    basis = np.stack([idctn(unit, norm="ortho") for unit in units])
    return torch.from_numpy(basis[1:]).float()


def test_it_is_the_distance_of_projections_sorted_patch_by_patch():
    one, two = (np.random.default_rng(seed).random((12, 11)) for seed in (1, 2))
    found = sliced_distance(one, two, drawn(5))
    squared = []
    for direction in drawn(5).numpy():
        projections = [
            sorted(
                float((image[i : i + 8, j : j + 8] * direction).sum())
                for i in range(5)
                for j in range(4)
            )
            for image in (one, two)
        ]
        squared.append(np.mean((np.array(projections[0]) - np.array(projections[1])) ** 2))
    assert found == pytest.approx(np.sqrt(np.mean(squared)), rel=1e-5)


def test_directions_see_no_mean_and_have_the_norm_one():
    assert drawn().mean((1, 2)).abs().max() < 1e-7
    torch.testing.assert_close(drawn().square().sum((1, 2)), torch.ones(64))


@pytest.mark.parametrize("contrast", [0.5, 0.9, 1.1])
def test_a_change_of_contrast_moves_each_projection_by_its_share(contrast):
    clean = 0.3 + 0.4 * photograph()
    restored = 0.5 + contrast * (clean - 0.5)
    spread = [
        np.sqrt(np.square(sorted_projections(band, drawn())).mean())
        for band in laplacian_pyramid(255 * clean[..., 0], SCALES)
    ]
    expected = abs(contrast - 1) * np.mean(spread)
    assert distance(restored, clean) == pytest.approx(expected, rel=1e-4)


def test_over_an_orthonormal_basis_the_spread_is_that_of_the_patches():
    plane = photograph(32)[..., 0]
    windows = np.lib.stride_tricks.sliding_window_view(plane, (8, 8)).reshape(-1, 64)
    expected = np.sqrt(windows.var(axis=1).mean() * 64 / 63)
    assert sliced_distance(2 * plane, plane, cosines()) == pytest.approx(expected, rel=1e-5)


def test_noise_on_a_flat_plane_has_its_standard_deviation():
    noise = np.random.default_rng(0).normal(scale=10, size=(160, 160))
    assert sliced_distance(100 + noise, np.full((160, 160), 100.0), drawn()) == pytest.approx(
        10, rel=0.01
    )


@pytest.mark.parametrize("channels", [1, 3])
def test_equal_images_and_another_mean_have_no_distance(channels):
    clean = np.repeat(photograph(), channels, axis=2)
    assert distance(clean, clean) == 0
    dim = 0.2 + 0.6 * clean
    assert distance(dim + 0.1, dim) < 1e-3


def test_it_grows_with_the_blur_and_with_the_noise():
    clean = photograph()
    blurred = [gaussian_filter(clean, (sigma, sigma, 0)) for sigma in (0.5, 1, 2, 4)]
    noise = np.random.default_rng(0).normal(size=clean.shape)
    noisy = [clean + sigma / 255 * noise for sigma in (5, 15, 50)]
    for images in (blurred, noisy):
        distances = [distance(image, clean) for image in images]
        assert distances[0] > 0 and distances == sorted(distances)
        assert distances[-1] > 2 * distances[0]


def test_white_texture_turned_by_half_a_turn_is_almost_the_same_though_each_pixel_differs():
    texture = np.random.default_rng(0).random((128, 128, 1))
    assert distance(texture[::-1, ::-1], texture) < 0.05 * distance(0.5 + 0 * texture, texture)


def test_channels_are_averaged():
    clean = np.random.default_rng(0).random((64, 65, 3))
    restored = gaussian_filter(clean, (1, 1, 0))
    alone = [distance(restored[..., c : c + 1], clean[..., c : c + 1]) for c in range(3)]
    assert distance(restored, clean) == pytest.approx(np.mean(alone))


def test_64_pixels_are_enough_and_63_are_not_and_say_so():
    assert distance(photograph(64), photograph(64)) == 0
    with pytest.raises(NotApplicable, match="at least 64 pixels a side"):
        distance(photograph()[:63], photograph()[:63])


@pytest.mark.parametrize("shape", [(16, 16), (17, 22), (9, 8)])
def test_the_pyramid_adds_up_to_the_image_and_keeps_what_is_flat(shape):
    plane = np.random.default_rng(0).random(shape)
    bands = laplacian_pyramid(plane, 3)
    rebuilt = bands[-1]
    for band in reversed(bands[:-1]):
        rebuilt = band + expanded(rebuilt, band.shape)
    np.testing.assert_allclose(rebuilt, plane)
    *fine, coarse = laplacian_pyramid(np.full(shape, 0.7), 3)
    assert all(abs(band).max() < 1e-12 for band in fine)
    np.testing.assert_allclose(coarse, 0.7)
