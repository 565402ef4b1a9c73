import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from priorbench.solvers.colour import (
    OPPONENT,
    denoise_planes,
    denoise_planes_together,
    from_planes,
    to_planes,
)


@given(st.integers(1, 3), st.sampled_from([1, 2, 3, 4]), st.integers(1, 7), st.integers(1, 7))
def test_the_planes_give_the_image_back(batch, channels, height, width):
    image = torch.rand(batch, channels, height, width, dtype=torch.float64)
    planes, scales = to_planes(image)
    assert planes.shape == (batch * channels, height, width)
    assert len(scales) == len(planes)
    torch.testing.assert_close(from_planes(planes, image.shape), image)


def test_gray_images_are_their_own_planes_and_are_not_changed_through_them():
    image = torch.rand(2, 1, 4, 5)
    planes, scales = to_planes(image)
    assert torch.equal(planes, image[:, 0])
    assert scales == [1.0, 1.0]
    planes.zero_()
    assert image.min() > 0


def test_a_gray_picture_in_colour_lies_in_the_first_plane_on_its_own_scale():
    gray = torch.rand(1, 1, 4, 5)
    planes, _ = to_planes(gray.repeat(1, 3, 1, 1))
    torch.testing.assert_close(planes[0], gray[0, 0])
    torch.testing.assert_close(planes[1:], torch.zeros(2, 4, 5), atol=1e-6, rtol=0)


def test_the_noise_of_each_plane_is_told_and_independent_of_the_others():
    generator = torch.Generator().manual_seed(0)
    noise = 0.1 * torch.randn(1, 3, 400, 400, generator=generator)
    planes, scales = to_planes(noise)
    correlation = torch.corrcoef(planes.flatten(1))
    assert planes.flatten(1).std(dim=1).tolist() == pytest.approx(
        [0.1 * scale for scale in scales], rel=0.01
    )
    assert correlation.fill_diagonal_(0).abs().max() < 0.01


def test_opponent_planes_keep_the_range_of_a_gray_image():
    rows = torch.tensor(OPPONENT)
    assert (rows.clamp(min=0).sum(dim=1) - rows.clamp(max=0).sum(dim=1) <= 1 + 1e-6).all()


@pytest.mark.parametrize("channels", [1, 2, 3])
def test_planes_are_denoised_with_their_own_noise_alone_or_those_of_rgb_together(channels):
    image = torch.rand(2, channels, 5, 7, generator=torch.Generator().manual_seed(0))
    planes, scales = to_planes(image)
    expected = from_planes(
        torch.stack([p + 0.1 * s for p, s in zip(planes, scales, strict=True)]), image.shape
    )
    sizes = []

    def together(given, sigmas):
        sizes.append(len(given))
        return given + sigmas[:, None, None]

    alone = denoise_planes(image, 0.1, lambda plane, sigma: plane + sigma)
    torch.testing.assert_close(alone, expected)
    torch.testing.assert_close(denoise_planes_together(image, 0.1, together), expected)
    assert sizes == ([3, 3] if channels == 3 else [1] * (2 * channels))
