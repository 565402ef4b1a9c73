"""Each filter against its formula, written as loops or checked by an independent computation."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from scipy.ndimage import gaussian_filter, laplace

from plugins.filters.bilateral import BilateralFilter
from plugins.filters.diffusion_time import STABLE_STEP, steps_of
from plugins.filters.domain_transform import DomainTransform
from plugins.filters.gaussian import GaussianFilter
from plugins.filters.guided import GuidedFilter
from plugins.filters.median import MedianFilter, disc
from plugins.filters.perona_malik import PeronaMalik
from plugins.filters.tensor_diffusion import FLOW_CONSTANT, CoherenceEnhancing, EdgeEnhancing
from plugins.filters.tensor_grid import Tensors, divergence, eigen, gradients, tensors_of

SIGMA = 0.1


def random_image(channels: int = 1, height: int = 9, width: int = 11) -> np.ndarray:
    return np.random.default_rng(0).random((1, channels, height, width))


def denoised(prior, image: np.ndarray, sigma: float = SIGMA) -> np.ndarray:
    return prior.denoise(torch.from_numpy(image), sigma).numpy()


def windows(image: np.ndarray, reach: int):
    """Yield row, column and window, C × (2 reach + 1)², of the image continued by reflection."""
    padded = np.pad(image[0], ((0, 0), (reach, reach), (reach, reach)), mode="symmetric")
    for row, column in np.ndindex(image.shape[2:]):
        side = 2 * reach + 1
        yield row, column, padded[:, row : row + side, column : column + side]


def test_the_gaussian_filter_is_a_weighted_mean():
    image, width = random_image(), 1.2
    reach = math.ceil(5 * width)
    squares = np.arange(-reach, reach + 1) ** 2
    weights = np.exp(-np.add.outer(squares, squares) / (2 * width**2))
    expected = np.empty_like(image)
    for row, column, window in windows(image, reach):
        expected[0, 0, row, column] = (weights * window[0]).sum() / weights.sum()
    found = denoised(GaussianFilter(width=width / math.sqrt(SIGMA)), image)
    np.testing.assert_allclose(found, expected, atol=2e-4)


@pytest.mark.parametrize(("radius", "pixels"), [(0.9, 1), (1, 5), (1.5, 9), (2, 13), (2.3, 21)])
def test_a_disc_has_the_pixels_within_its_radius(radius, pixels):
    assert disc(radius).sum() == pixels


@pytest.mark.parametrize("radius", [0.5, 1.0, 2.3])
def test_the_median_filter_takes_the_median_of_a_disc(radius):
    image = random_image(channels=3)
    expected = np.empty_like(image)
    for row, column, window in windows(image, int(radius)):
        expected[0, :, row, column] = np.median(window[:, disc(radius)], axis=1)
    np.testing.assert_array_equal(denoised(MedianFilter(radius=radius / SIGMA), image), expected)


@pytest.mark.parametrize("channels", [1, 3])
def test_the_bilateral_filter_weighs_by_place_and_intensity(channels):
    image, width, contrast = random_image(channels), 1.3, 2.5
    expected = np.empty_like(image)
    reach = math.ceil(3 * width)
    for row, column, window in windows(image, reach):
        total, weights = np.zeros(channels), 0.0
        for down, right in np.ndindex(window.shape[1:]):
            place = ((down - reach) ** 2 + (right - reach) ** 2) / width**2
            apart = ((window[:, down, right] - image[0, :, row, column]) ** 2).sum()
            weight = math.exp(-place / 2 - apart / (2 * (contrast * SIGMA) ** 2))
            total += weight * window[:, down, right]
            weights += weight
        expected[0, :, row, column] = total / weights
    np.testing.assert_allclose(denoised(BilateralFilter(width / SIGMA, contrast), image), expected)


def test_with_all_contrast_allowed_the_bilateral_filter_is_the_gaussian_one():
    image = random_image()
    found = denoised(BilateralFilter(width=1.5 / SIGMA, contrast=1e4), image)
    np.testing.assert_allclose(
        found, gaussian_filter(image, (0, 0, 1.5, 1.5), radius=(0, 0, 5, 5)), atol=1e-6
    )


@pytest.mark.parametrize("channels", [1, 3])
def test_the_guided_filter_averages_a_linear_model_of_each_window(channels):
    image, radius, strength = random_image(channels), 2, 4.0
    epsilon = strength * SIGMA**2
    slopes = np.empty((*image.shape[2:], channels, channels))
    intercepts = np.empty((*image.shape[2:], channels))
    for row, column, window in windows(image, radius):
        pixels = window.reshape(channels, -1)
        covariance = np.cov(pixels, bias=True).reshape(channels, channels)
        slope = covariance @ np.linalg.inv(covariance + epsilon * np.eye(channels))
        slopes[row, column] = slope
        intercepts[row, column] = pixels.mean(1) - slope @ pixels.mean(1)
    expected = np.empty_like(image)
    side = (2 * radius + 1) ** 2
    around = ((radius, radius), (radius, radius))
    all_slopes = np.pad(slopes, (*around, (0, 0), (0, 0)), mode="symmetric")
    all_intercepts = np.pad(intercepts, (*around, (0, 0)), mode="symmetric")
    for row, column in np.ndindex(image.shape[2:]):
        near = np.s_[row : row + 2 * radius + 1, column : column + 2 * radius + 1]
        slope = all_slopes[near].sum((0, 1)) / side
        intercept = all_intercepts[near].sum((0, 1)) / side
        expected[0, :, row, column] = slope @ image[0, :, row, column] + intercept
    np.testing.assert_allclose(denoised(GuidedFilter(radius / SIGMA, strength), image), expected)


def test_the_linear_model_of_a_window_is_a_ridge_regression():
    """He et al. define it by argmin Σ (Ay + b − y)² + ε‖A‖²; a single window shows it."""
    rng = np.random.default_rng(1)
    pixels, epsilon = rng.random((3, 50)), 0.02
    centred = pixels - pixels.mean(1, keepdims=True)
    augmented = np.hstack([centred, math.sqrt(50 * epsilon) * np.eye(3)])
    target = np.hstack([centred, np.zeros((3, 3))])
    slope = np.linalg.lstsq(augmented.T, target.T, rcond=None)[0].T
    covariance = np.cov(pixels, bias=True)
    np.testing.assert_allclose(
        slope, np.linalg.solve(covariance + epsilon * np.eye(3), covariance), atol=1e-12
    )


@pytest.mark.parametrize("channels", [1, 3])
def test_the_domain_transform_is_the_recursion_of_its_paper(channels):
    image, width, contrast, iterations = random_image(channels, 6, 7), 3.0, 2.0, 3

    def along_rows(picture: np.ndarray, guide: np.ndarray, deviation: float) -> np.ndarray:
        result = picture.copy()
        for row in range(picture.shape[2]):
            steps = [
                1
                + width
                / (contrast * SIGMA)
                * np.abs(guide[0, :, row, i] - guide[0, :, row, i - 1]).sum()
                for i in range(1, picture.shape[3])
            ]
            powers = [math.exp(-math.sqrt(2) / deviation) ** step for step in steps]
            line = result[0, :, row]
            for i in range(1, picture.shape[3]):
                line[:, i] = (1 - powers[i - 1]) * line[:, i] + powers[i - 1] * line[:, i - 1]
            for i in range(picture.shape[3] - 2, -1, -1):
                line[:, i] = (1 - powers[i]) * line[:, i] + powers[i] * line[:, i + 1]
        return result

    expected = image
    for n in range(1, iterations + 1):
        deviation = width * math.sqrt(3) * 2 ** (iterations - n) / math.sqrt(4**iterations - 1)
        expected = along_rows(expected, image, deviation)
        turned = along_rows(expected.swapaxes(2, 3), image.swapaxes(2, 3), deviation)
        expected = turned.swapaxes(2, 3)
    found = denoised(DomainTransform(width / SIGMA, contrast, iterations), image)
    np.testing.assert_allclose(found, expected)


def test_away_from_edges_the_domain_transform_has_its_width():
    image, width = np.zeros((1, 1, 1, 401)), 20.0
    image[0, 0, 0, 200] = 1
    response = denoised(DomainTransform(width / SIGMA, 1e6, iterations=3), image)[0, 0, 0]
    variance = (response * (np.arange(401) - 200) ** 2).sum() / response.sum()
    assert math.sqrt(variance) == pytest.approx(width, rel=0.02)


@pytest.mark.parametrize("time", [0.0, 0.1, 0.25, 0.5, 3.4])
def test_steps_sum_to_the_time_and_are_stable(time):
    steps = steps_of(time)
    assert sum(steps) == pytest.approx(time)
    assert all(step <= STABLE_STEP for step in steps)


@pytest.mark.parametrize("channels", [1, 3])
def test_a_step_of_perona_and_malik_exchanges_with_four_neighbours(channels):
    image, contrast = random_image(channels), 2.0
    step = STABLE_STEP
    expected = image.copy()
    for row, column in np.ndindex(image.shape[2:]):
        for down, right in ((0, 1), (1, 0), (0, -1), (-1, 0)):
            other = row + down, column + right
            if 0 <= other[0] < image.shape[2] and 0 <= other[1] < image.shape[3]:
                difference = image[0, :, *other] - image[0, :, row, column]
                edge = (difference**2).sum() / (contrast * SIGMA) ** 2
                expected[0, :, row, column] += step * difference / (1 + edge)
    found = denoised(PeronaMalik(step / SIGMA, contrast), image)
    np.testing.assert_allclose(found, expected)


DIFFUSIONS = {
    "perona-malik": PeronaMalik(time=20, contrast=1e4),
    "eed": EdgeEnhancing(width=20, contrast=1e4, presmoothing=1),
    "ced": CoherenceEnhancing(20, contrast=1, presmoothing=1, integration=1, leak=1),
}


@pytest.mark.parametrize("name", DIFFUSIONS)
def test_a_diffusion_without_edges_is_a_gaussian_filter(name):
    smooth = gaussian_filter(np.random.default_rng(0).random((1, 1, 40, 40)), (0, 0, 2, 2))
    found = denoised(DIFFUSIONS[name], smooth)
    expected = gaussian_filter(smooth, (0, 0, 2, 2))
    assert np.abs(found - expected).max() < 0.02 * np.abs(smooth - expected).max()


@pytest.mark.parametrize(
    "prior",
    [
        PeronaMalik(time=30, contrast=1),
        EdgeEnhancing(width=30, contrast=0.3, presmoothing=0.7),
        CoherenceEnhancing(30, contrast=0.1, presmoothing=0.7, integration=1, leak=0.01),
    ],
    ids=["perona-malik", "eed", "ced"],
)
def test_a_diffusion_conserves_the_mean_and_raises_no_norm(prior):
    image = random_image(channels=3, height=24, width=20)
    found = denoised(prior, image)
    np.testing.assert_allclose(found.mean((2, 3)), image.mean((2, 3)))
    assert np.square(found).sum() < np.square(image).sum()


def some_tensors(height: int, width: int) -> Tensors:
    """Random positive definite ones of norm at most 1."""
    rng = np.random.default_rng(2)
    root = rng.normal(size=(1, 1, height + 1, width + 1, 2, 2))
    matrices = root @ root.swapaxes(-1, -2)
    matrices /= np.linalg.eigvalsh(matrices).max(-1)[..., None, None]
    return Tensors(matrices[..., 0, 0], matrices[..., 0, 1], matrices[..., 1, 1])


def test_divergence_is_minus_the_gradient_of_the_energy_of_all_corners():
    height, width = 5, 6
    tensors = some_tensors(height, width)
    u = torch.from_numpy(random_image(1, height, width)).requires_grad_()
    padded = torch.nn.functional.pad(u, (1, 1, 1, 1), mode="replicate")[0, 0]
    energy = torch.zeros((), dtype=torch.float64)
    for row, column in np.ndindex(height + 1, width + 1):
        a, b, d = (
            float(element[0, 0, row, column])
            for element in (tensors.across, tensors.mixed, tensors.down)
        )
        half = 0.5 if row in (0, height) else 1.0
        half *= 0.5 if column in (0, width) else 1.0
        top, left = (
            padded[row, column + 1] - padded[row, column],
            padded[row + 1, column] - padded[row, column],
        )
        bottom = padded[row + 1, column + 1] - padded[row + 1, column]
        right = padded[row + 1, column + 1] - padded[row, column + 1]
        for x in (top, bottom):
            for y in (left, right):
                energy = energy + half / 4 * (a * x * x + 2 * b * x * y + d * y * y) / 2
    energy.backward()
    np.testing.assert_allclose(divergence(u.detach().numpy(), tensors), -u.grad.numpy(), atol=1e-12)


def test_with_the_identity_divergence_is_the_laplacian_of_four_neighbours():
    u = random_image(channels=2)
    one = np.ones((1, 1, 10, 12))
    found = divergence(u, Tensors(one, 0 * one, one))
    expected = np.stack([laplace(plane, mode="nearest") for plane in u[0]])[None]
    np.testing.assert_allclose(found, expected, atol=1e-12)


def test_a_chessboard_is_damped_though_cells_see_no_gradient_in_it():
    chessboard = np.indices((8, 8)).sum(0)[None, None] % 2 * 1.0
    x, _ = gradients(chessboard)
    assert np.abs(x[..., 1:-1, 1:-1]).max() == 0
    tensors = some_tensors(8, 8)
    change = divergence(chessboard, tensors)
    assert (change * chessboard).sum() < 0


def test_eigenvalues_and_directions_are_those_of_linear_algebra():
    tensors = some_tensors(4, 5)
    found = eigen(tensors)
    matrices = np.stack(
        [tensors.across, tensors.mixed, tensors.mixed, tensors.down], axis=-1
    ).reshape(1, 1, 5, 6, 2, 2)
    values, vectors = np.linalg.eigh(matrices)
    np.testing.assert_allclose(found.lesser, values[..., 0], atol=1e-12)
    np.testing.assert_allclose(found.greater, values[..., 1])
    x, y = vectors[..., 0, 1], vectors[..., 1, 1]
    np.testing.assert_allclose(found.cosine, x**2 - y**2, atol=1e-9)
    np.testing.assert_allclose(found.sine, 2 * x * y, atol=1e-9)
    again = tensors_of(found)
    np.testing.assert_allclose(again.mixed, tensors.mixed, atol=1e-12)
    np.testing.assert_allclose(again.across, tensors.across)


def test_the_constant_of_the_flow_is_the_published_one():
    """Weickert 1998: C = 3.31488 for the exponent 8 of the gradient's length."""
    assert pytest.approx(3.31488, abs=5e-6) == FLOW_CONSTANT
    lengths = np.linspace(0.5, 2, 3001)
    flow = lengths * (1 - np.exp(-FLOW_CONSTANT * lengths**-8.0))
    assert lengths[flow.argmax()] == pytest.approx(1, abs=1e-3)


def noisy_stripes() -> tuple[np.ndarray, np.ndarray]:
    """Oblique stripes, and the same with noise."""
    rows, columns = np.indices((48, 48))
    clean = 0.5 + 0.3 * np.sin((rows + 2 * columns) / 3.0)[None, None]
    noise = SIGMA * np.random.default_rng(3).normal(size=clean.shape)
    return clean, clean + noise


def test_coherence_enhancing_diffusion_smooths_along_stripes_better_than_any_gaussian_filter():
    clean, noisy = noisy_stripes()
    prior = CoherenceEnhancing(30, contrast=0.1, presmoothing=0.7, integration=3, leak=0.001)
    error = np.square(denoised(prior, noisy) - clean).mean()
    others = [
        np.square(gaussian_filter(noisy, (0, 0, width, width)) - clean).mean()
        for width in (0.4, 0.6, 0.8, 1.0, 1.3)
    ]
    assert error < 0.5 * min(others)


def test_edge_enhancing_diffusion_keeps_an_edge_that_a_gaussian_filter_blurs():
    clean = np.zeros((1, 1, 40, 40))
    clean[..., 20:] = 1
    noisy = clean + SIGMA * np.random.default_rng(4).normal(size=clean.shape)
    found = denoised(EdgeEnhancing(width=40, contrast=1, presmoothing=1), noisy)
    flat = np.s_[..., 4:-4, 4:14]
    assert found[flat].std() < 0.25 * noisy[flat].std()
    step = (found[..., 20] - found[..., 19]).mean()
    assert step > 0.8
    blurred = gaussian_filter(noisy, (0, 0, 4, 4))
    assert (blurred[..., 20] - blurred[..., 19]).mean() < 0.2
