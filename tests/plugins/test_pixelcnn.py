"""The PixelCNN against brute force: which pixels it sees, Jacobians, integrals, its draws."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from plugins.pixelcnn.network import CONTRAST, PixelNetwork
from priorbench.numerics.patches import mean_free_basis
from priorbench.plugins.manager import load_plugins
from priorbench.priors import HELD_OUT_LOG_LIKELIHOOD, Context

PIXELCNN = (
    load_plugins([Path(__file__).parents[2] / "plugins"], strict=True).priors["pixelcnn"].load()
)
TINY: dict[str, Any] = {
    "patch_size": 2,
    "stride": 1,
    "width": 8,
    "layers": 1,
    "components": 3,
    "steps": 6,
    "n_tiles": 20_000,
    "held_out": 0.1,
    "batch": 256,
    "iterations": 400,
    "measure_every": 200,
}
DEVIATIONS = torch.tensor([0.4, 0.2, 0.1], dtype=torch.float64)


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def network(side: int = 2) -> PixelNetwork:
    """A network whose weights are large enough for all of them to count."""
    found = PixelNetwork(side, width=8, layers=2, components=2).double()
    with torch.no_grad():
        for parameter in found.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=seeded()) * 0.2)
        scale = torch.linspace(0.4, 0.1, side**2 - 1, dtype=torch.float64)
        found.prepare(mean_free_basis(side**2).mT, scale)
    return found.requires_grad_(False)


def noise_images() -> list[Tensor]:
    """White noise, whose patches are Gaussian."""
    return [0.5 + 0.1 * torch.randn(1, 1, 120, 120, generator=seeded(9))]


@pytest.fixture(scope="module")
def fitted() -> tuple[Any, list[dict[str, float]]]:
    prior = PIXELCNN(**TINY)
    return prior, list(prior.fit(noise_images(), Context.seeded(0)))


class TestDensity:
    def test_a_pixel_depends_on_all_before_it_and_on_no_other(self) -> None:
        net = network(3)

        def numbers(w: Tensor) -> Tensor:
            mixtures = net._mixtures(w[None])
            return torch.cat([mixtures.weights, mixtures.places, mixtures.scales], 2)[0].sum(1)

        w = torch.randn(8, generator=seeded(1), dtype=torch.float64)
        seen = torch.autograd.functional.jacobian(numbers, w) != 0
        assert torch.equal(seen, torch.ones(8, 8).tril(-1).bool())

    def test_errors_of_gaussian_patches_are_white(self) -> None:
        net = network(3)
        factor = torch.diag(net.scale) @ net.axes[:, 1:] - net.scale[:, None] * net.axes[:, :1]
        covariance = net.regression @ factor.mT @ factor @ net.regression.mT
        torch.testing.assert_close(covariance, torch.eye(8, dtype=torch.float64))

    def test_log_density_is_that_of_the_jacobian(self) -> None:
        net = network()

        def transformed(coordinates: Tensor) -> Tensor:
            return torch.asinh(CONTRAST * net.errors(net.patches(coordinates[None])))[0]

        for point in torch.randn(6, 3, generator=seeded(1), dtype=torch.float64) * DEVIATIONS:
            jacobian = torch.autograd.functional.jacobian(transformed, point)
            w = transformed(point)[None]
            expected = net._mixtures(w).log_prob(w).sum() + torch.linalg.slogdet(jacobian).logabsdet
            torch.testing.assert_close(net.log_density(point[None])[0], expected)

    def test_it_integrates_to_one(self) -> None:
        net = network()
        # A grid in w: the tails are those of exponentials there.
        line = torch.linspace(-14, 14, 43, dtype=torch.float64)
        grid = torch.cartesian_prod(line, line, line)
        inverse = torch.linalg.inv(net.regression @ (net.axes[:, 1:] - net.axes[:, :1]).mT)
        cell = (line[1] - line[0]) ** 3 * (grid.cosh() / CONTRAST).prod(1) * inverse.det().abs()
        density = net.log_density(grid.sinh() / CONTRAST @ inverse.mT).exp()
        assert float((density * cell).sum()) == pytest.approx(1, abs=0.002)

    def test_the_mean_of_a_patch_does_not_matter(self, fitted: Any) -> None:
        patches = torch.rand(20, 4, generator=seeded())
        shifted = patches + torch.rand(20, 1, generator=seeded(1))
        found = fitted[0].log_prob(shifted)
        torch.testing.assert_close(found, fitted[0].log_prob(patches), atol=1e-4, rtol=1e-4)


class TestDraws:
    def test_a_pixel_is_drawn_from_its_density_given_the_others(self) -> None:
        net = network()
        known = torch.tensor([0.3, 0.5, 0.2, 0.0], dtype=torch.float64)
        values = torch.linspace(-6, 6, 24_001, dtype=torch.float64)
        lined_up = known.repeat(len(values), 1)
        lined_up[:, 3] = values
        density = net.log_density(net.coordinates(lined_up)).exp()
        parts = torch.tensor([0.1, 0.3, 0.5, 0.7, 0.9], dtype=torch.float64)
        reached = density.cumsum(0) / density.sum()
        expected = values[torch.searchsorted(reached, parts)]
        drawn = net.complete(known.repeat(8000, 1), 3, seeded(2))
        assert torch.equal(drawn[:, :3], known[:3].expand(8000, 3))
        below = (drawn[:, 3:] < expected).double().mean(0)
        # Four standard deviations of a share of 8000 draws.
        torch.testing.assert_close(below, parts, atol=0.022, rtol=0)

    def test_samples_have_the_quantiles_of_white_noise_and_no_mean(self, fitted: Any) -> None:
        drawn = fitted[0].sample(4000, seeded(3))
        assert drawn.dtype == torch.float32
        assert drawn.mean(1).abs().max() < 1e-5
        parts = torch.tensor([0.1, 0.3, 0.5, 0.7, 0.9], dtype=torch.float64)
        expected = 0.1 * torch.special.ndtri(parts)[:, None].expand(-1, 3)
        found = (drawn.double() @ mean_free_basis(4)).quantile(parts, dim=0)
        torch.testing.assert_close(found, expected, atol=0.02, rtol=0)
        assert torch.equal(fitted[0].sample(5, seeded(4)), fitted[0].sample(5, seeded(4)))

    def test_what_is_known_stays_and_the_hole_is_not_looked_at(self, fitted: Any) -> None:
        patches = torch.rand(6, 4, generator=seeded())
        other = patches.clone()
        other[:, 2:] = 7
        found, again = (fitted[0].complete(each, 2, seeded(1)) for each in (patches, other))
        assert torch.equal(found[:, :1], patches[:, :1])
        torch.testing.assert_close(found[:, 1], patches[:, 1])
        torch.testing.assert_close(found, again)
        with pytest.raises(ValueError, match="known must be from 1 to 4, not 0"):
            fitted[0].complete(patches, 0, seeded())


class TestFit:
    def test_white_noise_gets_the_likelihood_of_its_gaussian(self, fitted: Any) -> None:
        deviation = float(noise_images()[0].std())
        best = -1.5 * math.log(2 * math.pi * math.e * deviation**2)
        found = max(row[HELD_OUT_LOG_LIKELIHOOD] for row in fitted[1])
        assert best - 0.15 < found < best + 0.1

    def test_a_loaded_model_is_the_same(self, fitted: Any, tmp_path: Path) -> None:
        fitted[0].save(tmp_path / "model.safetensors")
        again, patches = PIXELCNN(**TINY), torch.rand(9, 4, generator=seeded())
        again.load(tmp_path / "model.safetensors")
        assert torch.equal(again.log_prob(patches), fitted[0].log_prob(patches))
        with pytest.raises(ValueError, match="does not fit"):
            PIXELCNN(**{**TINY, "width": 9}).load(tmp_path / "model.safetensors")
