"""Problems at the edge: defined, and sensible, for every kind of prior that a splitting restores."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from priorbench.operators import Blur, Downsample, Identity, LinearOperator, Mask
from priorbench.priors import Context, Denoiser, PatchPrior
from priorbench.problem import Problem
from priorbench.solvers import restore


class Smooth(Denoiser):
    """A Gaussian prior of smooth images: frequencies pass as their power allows."""

    def denoise(self, image: Tensor, sigma: float) -> Tensor:
        rows, columns = (torch.fft.fftfreq(n) for n in image.shape[-2:])
        power = 1e-3 / (rows[:, None] ** 2 + columns**2).clamp(min=1e-6)
        return torch.fft.ifft2(torch.fft.fft2(image) * power / (power + sigma**2)).real


class SmoothPatches(PatchPrior):
    """A Gaussian prior of patches: neighbours are alike, their mean is free."""

    patch_size = 4

    def __init__(self) -> None:
        place = torch.stack(torch.meshgrid(torch.arange(4), torch.arange(4), indexing="ij"))
        place = place.flatten(1).mT.float()
        self.covariance = 0.05 * torch.exp(-torch.cdist(place, place) / 4)

    def log_prob(self, patches: Tensor) -> Tensor:
        centred = patches - patches.mean(1, keepdim=True)
        return -(centred @ torch.linalg.inv(self.covariance) * centred).sum(1) / 2

    def map_estimate(self, patches: Tensor, noise_variance: float) -> Tensor:
        mean = patches.mean(1, keepdim=True)
        noisy = self.covariance + noise_variance * torch.eye(16)
        return mean + (patches - mean) @ torch.linalg.solve(noisy, self.covariance)


PRIORS = {"denoiser": Smooth(), "patches": SmoothPatches()}
every_prior = pytest.mark.parametrize("prior", PRIORS.values(), ids=PRIORS)


def seeded() -> torch.Generator:
    return torch.Generator().manual_seed(0)


def scene(height: int, width: int, channels: int = 1) -> Tensor:
    """A smooth image between 0.2 and 0.8."""
    rows, columns = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
    waves = torch.sin(rows / 9) * torch.cos(columns / 11)
    return (0.5 + 0.3 * waves).expand(1, channels, -1, -1).contiguous()


def restored(prior: object, operator: LinearOperator, clean: Tensor, sigma: float = 0.0) -> Tensor:
    noise = torch.randn((1, *operator.observation_shape), generator=seeded())
    y = operator.restrict(operator.forward(clean) + sigma * noise)
    image = restore(prior, Problem(y, operator, sigma), Context.seeded(0)).image
    assert image.shape == clean.shape
    assert torch.isfinite(image).all()
    return image


def rms(error: Tensor) -> float:
    return float(error.square().mean().sqrt())


@every_prior
@pytest.mark.parametrize("channels", [1, 3])
def test_without_noise_the_identity_gives_back_the_image(prior, channels):
    clean = scene(20, 24, channels)
    assert (restored(prior, Identity((channels, 20, 24)), clean) - clean).abs().max() < 1 / 255


@every_prior
@pytest.mark.parametrize("sigma", [0.0, 1e-6, 0.1, 1.0])
def test_one_known_pixel_gives_its_value_everywhere(prior, sigma):
    known = torch.zeros(1, 16, 16, dtype=torch.bool)
    known[0, 5, 7] = True
    clean = torch.full((1, 1, 16, 16), 0.7)
    image = restored(prior, Mask(known), clean, sigma)
    noise = torch.randn((1, 1, 16, 16), generator=seeded())
    pixel = float((clean + sigma * noise)[0, 0, 5, 7])
    assert (image - pixel).abs().max() < 0.05 * max(abs(pixel), 1)


@every_prior
def test_with_everything_known_nothing_changes(prior):
    clean = scene(20, 24)
    image = restored(prior, Mask(torch.ones(1, 20, 24, dtype=torch.bool)), clean)
    assert (image - clean).abs().max() < 0.5 / 255


@every_prior
def test_with_everything_known_but_noisy_the_noise_falls(prior):
    clean = scene(40, 40)
    image = restored(prior, Mask(torch.ones(1, 40, 40, dtype=torch.bool)), clean, 0.1)
    assert rms(image - clean) < 0.09


@every_prior
def test_a_large_hole_is_filled_between_what_surrounds_it(prior):
    clean = scene(96, 96)
    known = torch.ones(1, 96, 96, dtype=torch.bool)
    known[:, 16:80, 16:80] = False
    image = restored(prior, Mask(known), clean)
    assert image.min() > 0.1
    assert image.max() < 0.9
    assert (image - clean)[:, known].abs().max() < 0.5 / 255
    assert rms(image - clean) < rms(clean.mean() - clean)


@every_prior
@pytest.mark.parametrize("factor", [2, 3, 4])
def test_super_resolution_by_large_factors(prior, factor):
    clean = scene(48, 48)
    image = restored(prior, Downsample((1, 48, 48), factor), clean)
    assert rms((image - clean)[..., 4:-4, 4:-4]) < 0.02


@every_prior
@pytest.mark.parametrize("factor", [2, 3, 4])
def test_super_resolution_with_noise_is_better_than_the_plain_estimate(prior, factor):
    clean, operator, sigma = scene(48, 48), Downsample((1, 48, 48), factor), 0.1
    noise = torch.randn((1, *operator.observation_shape), generator=seeded())
    plain = operator.estimate(operator.forward(clean) + sigma * noise)
    image = restored(prior, operator, clean, sigma)
    assert rms(image - clean) < rms(plain - clean)


@every_prior
@pytest.mark.parametrize("boundary", ["circular", "valid"])
def test_a_kernel_of_one_tap_without_noise_gives_back_the_image(prior, boundary):
    clean = scene(20, 24)
    image = restored(prior, Blur(torch.ones(1, 1), (1, 20, 24), boundary), clean)
    assert (image - clean).abs().max() < 1 / 255


@every_prior
def test_a_kernel_of_one_tap_with_noise_is_a_denoising(prior):
    clean = scene(40, 40)
    image = restored(prior, Blur(torch.ones(1, 1), (1, 40, 40)), clean, 0.1)
    assert rms(image - clean) < 0.09
