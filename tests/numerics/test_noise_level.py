"""σ as it is seen from one noisy image."""

from __future__ import annotations

import math

import pytest
import torch
from skimage import data
from skimage.restoration import estimate_sigma
from torch import Tensor

from priorbench.data.tensors import to_tensor
from priorbench.numerics.noise_level import MOST, noise_level


def noise(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


@pytest.fixture(scope="module")
def camera() -> Tensor:
    """A photograph, 128 × 128."""
    return to_tensor(data.camera()[100:228, 150:278] / 255).float()


@pytest.mark.parametrize(
    ("channels", "side", "tolerance"),
    [(1, 16, 0.15), (1, 32, 0.1), (1, 64, 0.05), (3, 40, 0.05), (1, 200, 0.02), (3, 128, 0.02)],
)
def test_noise_alone_has_its_own_deviation(channels: int, side: int, tolerance: float) -> None:
    """Without the correction an image of 64 × 64 would be 11 % below, and one of 32 × 32 16 %."""
    found = [noise_level(0.5 + 0.1 * noise(1, channels, side, side, seed=k)) for k in range(4)]
    assert sum(found) / 4 == pytest.approx(0.1, rel=tolerance)


@pytest.mark.parametrize("sigma", [5, 15, 25, 50, 75])
def test_a_photograph_is_seen_through(camera: Tensor, sigma: float) -> None:
    found = 255 * noise_level(camera + sigma / 255 * noise(1, 1, 128, 128))
    assert found == pytest.approx(sigma, rel=0.06, abs=0.7)


def test_texture_misleads_it_less_than_the_median_of_wavelets() -> None:
    texture = to_tensor(data.grass()[:160, :160] / 255).float()
    noisy = texture + 5 / 255 * noise(1, 1, 160, 160)
    error = abs(255 * noise_level(noisy) - 5)
    assert error < abs(255 * float(estimate_sigma(noisy[0, 0].numpy())) - 5) / 2


def test_an_image_without_noise_has_next_to_none(camera: Tensor) -> None:
    ramp = torch.linspace(0, 1, 40).repeat(1, 1, 40, 1)
    assert noise_level(torch.full((1, 1, 20, 30), 0.3)) == 0
    assert noise_level(ramp) < 1e-6
    assert 255 * noise_level(camera) < 1


@pytest.mark.parametrize("factor", [0.01, 0.5, 3.0])
def test_it_scales_with_the_image_and_ignores_its_brightness(camera: Tensor, factor: float) -> None:
    noisy = camera + 0.1 * noise(1, 1, 128, 128)
    expected = factor * noise_level(noisy)
    assert noise_level(factor * noisy + 7) == pytest.approx(expected, rel=1e-3)


def test_turned_images_have_the_same_noise(camera: Tensor) -> None:
    noisy = camera + 0.1 * noise(1, 1, 128, 128)
    for turned in (noisy.mT, noisy.flip(-1), noisy.flip(-2)):
        assert noise_level(turned) == pytest.approx(noise_level(noisy), rel=1e-6)


def test_values_that_a_camera_cuts_off_do_not_count(camera: Tensor) -> None:
    """Half of the image is a white sky, where there is no noise left."""
    noisy = camera + 0.1 * noise(1, 1, 128, 128)
    noisy[:, :, :64] += 1
    assert noise_level(noisy.clamp(0, 1)) == pytest.approx(0.1, rel=0.1)


def test_of_a_large_image_a_grid_of_patches_is_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    image = 0.5 + 0.1 * noise(1, 1, 128, 128)
    module = "priorbench.numerics.noise_level.MOST"
    assert MOST > 128**2
    monkeypatch.setattr(module, 128**2 // 9)
    assert noise_level(image) == pytest.approx(0.1, rel=0.1)


@pytest.mark.parametrize("shape", [(1, 1, 1, 1), (1, 1, 9, 9), (1, 3, 1, 400), (1, 1, 13, 16)])
def test_too_small_an_image_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"too small.*give sigma"):
        noise_level(torch.zeros(shape))


def test_the_image_stays_as_it_is(camera: Tensor) -> None:
    before = camera.clone()
    assert math.isfinite(noise_level(camera))
    assert torch.equal(camera, before)
