"""The diffusion model: identities of its preconditioning, its reach, the Wiener filter it learns."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from scipy.stats import lognorm
from torch import Tensor

from plugins.diffusion import model
from plugins.diffusion.network import Preconditioned, UNet, log_normal
from priorbench.plugins.manager import load_plugins
from priorbench.priors import Context

DIFFUSION = (
    load_plugins([Path(__file__).parents[2] / "plugins"], strict=True).priors["diffusion"].load()
)
TINY: dict[str, Any] = {
    "width": 4,
    "blocks": 1,
    "scales": 2,
    "tile_size": 16,
    "n_tiles": 600,
    "held_out": 0.1,
    "batch": 8,
    "iterations": 60,
    "measure_every": 30,
}


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def noise(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(shape, generator=seeded(seed))


def untrained(**changes: Any) -> Any:
    """A prior with random weights, strong enough for all layers to count."""
    prior = DIFFUSION(**{**TINY, **changes})
    options = prior.parameters
    network = Preconditioned(UNet(options.width, options.blocks, options.scales), 0.25)
    generator = seeded()
    prior.load_state_dict(
        {
            name: torch.randn(value.shape, generator=generator) / math.sqrt(value[0].numel())
            for name, value in network.state_dict().items()
        }
    )
    return prior


class Nothing(torch.nn.Module):
    """An F that is 0, or what it is given."""

    divisor, reach = 1, 0

    def __init__(self, value: Tensor | None = None) -> None:
        super().__init__()
        self.value = value

    def forward(self, x: Tensor, c: Tensor) -> Tensor:
        self.seen = x, c
        return torch.zeros_like(x) if self.value is None else self.value


class TestPreconditioning:
    sigma = torch.tensor([0.01, 0.3, 5.0], dtype=torch.float64)

    def test_without_f_it_is_the_wiener_filter_of_white_planes(self) -> None:
        y = noise(3, 4, 6).double()
        share = 0.25**2 / (0.25**2 + self.sigma.square())
        found = Preconditioned(Nothing(), 0.25)(y, self.sigma)
        torch.testing.assert_close(found, share[:, None, None] * y)

    def test_weighted_errors_are_those_of_f(self) -> None:
        clean, guess = 0.25 * noise(3, 4, 6).double(), noise(3, 4, 6, seed=1).double()
        level = self.sigma[:, None, None]
        y = clean + level * noise(3, 4, 6, seed=2)
        network = Preconditioned(Nothing(guess), 0.25)
        error = (network(y, self.sigma) - clean).square()
        total = (level.square() + 0.25**2).sqrt()
        target = (clean - 0.25**2 / total.square() * y) / (level * 0.25 / total)
        torch.testing.assert_close(
            network.weight(self.sigma)[:, None, None] * error, (guess - target).square()
        )

    def test_inputs_and_targets_of_f_have_variance_one(self) -> None:
        clean, white = 0.25 * noise(3, 200, 200).double(), noise(3, 200, 200, seed=1).double()
        unet = Nothing()
        network = Preconditioned(unet, 0.25)
        estimate = network(clean + self.sigma[:, None, None] * white, self.sigma)
        torch.testing.assert_close(
            unet.seen[0].var((1, 2)), torch.ones(3).double(), atol=0.03, rtol=0
        )
        torch.testing.assert_close(unet.seen[1], self.sigma.log() / 4)
        # F's target is what is missing, in units of c_out.
        errors = network.weight(self.sigma) * (estimate - clean).square().mean((1, 2))
        torch.testing.assert_close(errors, torch.ones(3).double(), atol=0.03, rtol=0)

    def test_levels_are_log_normal(self) -> None:
        parts = torch.linspace(0.01, 0.99, 9, dtype=torch.float64)
        expected = lognorm(s=1.5, scale=0.14).ppf(parts.numpy())
        np.testing.assert_allclose(log_normal(parts, 0.14, 1.5).numpy(), expected)


class TestNetwork:
    @pytest.mark.parametrize("scales", [1, 2, 3])
    def test_no_pixel_further_than_its_reach_counts(self, scales: int) -> None:
        unet = UNet(2, 1, scales).double()
        for parameter in unet.parameters():
            # All that is positive stays it, so nothing cancels and no unit is off.
            torch.nn.init.constant_(parameter, 1 / parameter[0].numel())
        side, far = 2 * unet.reach + 2 * unet.divisor, 0
        for offset in range(unet.divisor):
            y = torch.ones(1, 4 * unet.divisor, side, dtype=torch.float64, requires_grad=True)
            column = side // 2 + offset
            unet(y, torch.zeros(1, dtype=torch.float64))[0, :, column].sum().backward()
            used = y.grad.abs().sum((0, 1)).nonzero()
            far = max(far, int((used - column).abs().max()))
        assert unet.reach - 3 * unet.divisor < far <= unet.reach

    def test_it_hears_the_noise_level_of_each_plane(self) -> None:
        network, y = untrained().network, noise(1, 16, 24).expand(2, -1, -1)
        sigma = torch.tensor([0.1, 0.3])
        together = network(y, sigma)
        alone = [network(y[:1], each[None])[0] for each in sigma]
        torch.testing.assert_close(together, torch.stack(alone))
        assert (together[0] - together[1]).abs().max() > 1e-3


class TestDenoising:
    @pytest.mark.parametrize("channels", [1, 3])
    def test_bands_change_nothing(self, monkeypatch: pytest.MonkeyPatch, channels: int) -> None:
        prior, image = untrained(), 0.5 + 0.2 * noise(1, channels, 101, 23)
        whole = prior.denoise(image, 0.1)
        monkeypatch.setattr(model, "PIXELS_IN_A_BAND", 24 * 12)
        torch.testing.assert_close(prior.denoise(image, 0.1), whole, rtol=0, atol=1e-5)
        assert whole.shape == image.shape
        assert (whole - image).abs().max() > 0.01

    @pytest.mark.parametrize("shape", [(1, 1, 1, 1), (2, 1, 9, 40), (1, 3, 17, 5), (1, 2, 8, 8)])
    @pytest.mark.parametrize("sigma", [1 / 255, 10.0])
    def test_any_size_keeps_its_shape(self, shape: tuple[int, ...], sigma: float) -> None:
        image = noise(*shape)
        before = image.clone()
        found = untrained().denoise(image, sigma)
        assert found.shape == image.shape
        assert found.isfinite().all()
        assert torch.equal(image, before)

    @pytest.mark.parametrize("channels", [1, 3])
    def test_a_gradient_is_that_of_differences_where_it_is_asked_for(self, channels: int) -> None:
        prior = untrained()
        prior.network.double()
        image, weight, direction = (
            noise(1, channels, 8, 12, seed=seed).double() for seed in range(3)
        )

        def moved(step: float) -> float:
            return float((weight * prior.denoise(image + step * direction, 0.1)).sum())

        assert not prior.denoise(image, 0.1).requires_grad
        asked = image.clone().requires_grad_()
        denoised = prior.denoise(asked, 0.1)
        assert torch.equal(denoised.detach(), prior.denoise(image, 0.1))
        (gradient,) = torch.autograd.grad((weight * denoised).sum(), asked)
        slope = (moved(1e-6) - moved(-1e-6)) / 2e-6
        assert float((gradient * direction).sum()) == pytest.approx(slope, rel=1e-5)

    def test_gray_is_the_luma_of_a_gray_colour_image(self) -> None:
        image = 0.5 + 0.2 * noise(1, 1, 16, 16)
        # The mean of three channels has a third of the noise's variance.
        expected = untrained().denoise(image, 0.1 / math.sqrt(3))[0, 0]
        found = untrained().denoise(image.expand(-1, 3, -1, -1), 0.1)[0].mean(0)
        torch.testing.assert_close(found, expected, atol=1e-5, rtol=0)

    def test_without_noise_the_image_stays(self) -> None:
        image = noise(1, 1, 9, 9)
        assert torch.equal(untrained().denoise(image, 0.0), image)

    def test_its_range_reaches_from_traces_to_noise_alone(self) -> None:
        least, most = DIFFUSION().sigma_range
        assert least < 0.005
        assert most >= 1


class TestFit:
    def test_held_out_tiles_lose_their_noise_at_every_level(self) -> None:
        prior = DIFFUSION(**{**TINY, "iterations": 120, "measure_every": 60})
        generator = seeded()
        coarse = torch.rand((3, 1, 12, 12), generator=generator)
        images = torch.nn.functional.interpolate(coarse, size=(96, 96), mode="bicubic")
        rows = list(prior.fit([image[None] for image in images], Context.seeded(0)))
        for level in model.MEASURED[1:]:
            assert rows[-1][f"psnr_sigma_{level}"] > -20 * math.log10(level / 255) + 2
        assert rows[-1]["held_out_psnr"] > rows[0]["held_out_psnr"]

    def test_a_saved_model_denoises_the_same(self, tmp_path: Path) -> None:
        prior, again, image = untrained(), DIFFUSION(**TINY), noise(1, 1, 16, 16)
        prior.save(tmp_path / "model.safetensors")
        again.load(tmp_path / "model.safetensors")
        assert torch.equal(again.denoise(image, 0.1), prior.denoise(image, 0.1))
        with pytest.raises(ValueError, match="does not fit"):
            DIFFUSION(**{**TINY, "width": 5}).load(tmp_path / "model.safetensors")

    def test_tiles_that_can_not_be_halved_are_refused(self) -> None:
        with pytest.raises(ValueError, match="multiple of 16 for 4 scales, not 40"):
            DIFFUSION(tile_size=40)

    def test_a_prior_without_a_model_says_so(self) -> None:
        with pytest.raises(RuntimeError, match="fit it, or load one"):
            DIFFUSION(**TINY).denoise(noise(1, 1, 16, 16), 0.1)

    @pytest.mark.exhaustive
    def test_of_a_gaussian_field_it_learns_the_wiener_filter(self) -> None:
        side, sigma = 256, 0.2
        frequency = torch.fft.fftfreq(side)
        radius = torch.hypot(frequency[:, None], frequency[None])
        spectrum = 1 / (1 + (radius * 24).square())
        spectrum = spectrum / spectrum.mean() * 0.2**2

        def field(seed: int) -> Tensor:
            white = torch.fft.fft2(noise(side, side, seed=seed))
            return 0.5 + torch.fft.ifft2(white * spectrum.sqrt()).real[None, None]

        prior = DIFFUSION(
            width=12,
            blocks=1,
            scales=2,
            tile_size=64,
            n_tiles=100_000,
            batch=8,
            iterations=1500,
            measure_every=250,
            learning_rate=0.03,
        )
        for _ in prior.fit([field(seed) for seed in range(12)], Context.seeded(0)):
            pass
        clean = field(100)
        y = clean + sigma * noise(1, 1, side, side, seed=101)
        gain = spectrum / (spectrum + sigma**2)
        wiener = 0.5 + torch.fft.ifft2(torch.fft.fft2(y - 0.5) * gain).real
        found = prior.denoise(y, sigma)
        best, reached = (float((each - clean).square().mean()) for each in (wiener, found))
        # No estimate is better than the Wiener filter of a Gaussian field, but for chance.
        assert 0.98 * best < reached < 1.1 * best
        assert float((found - wiener).square().mean()) < 0.1 * best
