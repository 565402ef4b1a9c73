"""The flow of patches against brute force: Jacobians, integrals, Gaussians in closed form."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from plugins.flow.network import CONTRAST, FlowNetwork
from priorbench.numerics.patches import mean_free_basis
from priorbench.plugins.manager import load_plugins
from priorbench.priors import HELD_OUT_LOG_LIKELIHOOD, Context

FLOW = load_plugins([Path(__file__).parents[2] / "plugins"], strict=True).priors["flow"].load()
TINY: dict[str, Any] = {
    "patch_size": 2,
    "transforms": 2,
    "width": 8,
    "layers": 1,
    "bins": 4,
    "steps": 6,
    "n_tiles": 20_000,
    "held_out": 0.1,
    "batch": 256,
    "iterations": 150,
    "measure_every": 75,
}


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def network(seed: int = 0) -> FlowNetwork:
    """A flow of 2 × 2 patches whose weights are large enough for all of them to count."""
    found = FlowNetwork(4, transforms=2, width=8, layers=1, bins=4).double()
    with torch.no_grad():
        for parameter in found.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=seeded(seed)) * 0.15)
        found.axes.copy_(mean_free_basis(4).mT)
        found.scale.copy_(torch.tensor([0.4, 0.2, 0.1]))
    return found.requires_grad_(False)


def to_normal(flow: FlowNetwork, coordinates: Tensor) -> Tensor:
    return flow.flow().transform(torch.asinh(CONTRAST * coordinates / flow.scale))


def noise_images(deviation: float) -> list[Tensor]:
    """White noise, whose patches are Gaussian."""
    return [0.5 + deviation * torch.randn(1, 1, 120, 120, generator=seeded(9))]


@pytest.fixture(scope="module")
def fitted() -> tuple[Any, list[dict[str, float]]]:
    prior = FLOW(**TINY)
    return prior, list(prior.fit(noise_images(0.1), Context.seeded(0)))


class TestDensity:
    def test_log_density_is_that_of_the_jacobian(self) -> None:
        flow = network()
        for point in torch.randn(6, 3, generator=seeded(1), dtype=torch.float64) * flow.scale:
            jacobian = torch.autograd.functional.jacobian(
                lambda c: to_normal(flow, c[None])[0], point
            )
            z = to_normal(flow, point[None])[0]
            normal = -0.5 * z.square().sum() - 1.5 * math.log(2 * math.pi)
            expected = normal + torch.linalg.slogdet(jacobian).logabsdet
            torch.testing.assert_close(flow.log_density(point[None])[0], expected)

    def test_it_integrates_to_one(self) -> None:
        flow = network()
        # A grid in asinh(3c/s): the tails are those of exponentials there.
        line = torch.linspace(-8, 8, 41, dtype=torch.float64)
        grid = torch.cartesian_prod(line, line, line)
        cell = (line[1] - line[0]) ** 3 * (grid.cosh() * flow.scale / CONTRAST).prod(1)
        density = flow.log_density(grid.sinh() * flow.scale / CONTRAST).exp()
        assert float((density * cell).sum()) == pytest.approx(1, abs=0.002)

    def test_the_way_back_is_the_inverse(self) -> None:
        flow = network()
        z = torch.randn(50, 3, generator=seeded(2), dtype=torch.float64)
        torch.testing.assert_close(to_normal(flow, flow.from_normal(z)), z, atol=1e-5, rtol=1e-5)

    def test_the_mean_of_a_patch_does_not_matter(self, fitted: Any) -> None:
        patches = torch.rand(20, 4, generator=seeded())
        shifted = patches + torch.rand(20, 1, generator=seeded(1))
        found = fitted[0].log_prob(shifted)
        torch.testing.assert_close(found, fitted[0].log_prob(patches), atol=1e-4, rtol=1e-4)


class TestFit:
    def test_white_noise_gets_the_likelihood_of_its_gaussian(self, fitted: Any) -> None:
        deviation = float(noise_images(0.1)[0].std())
        best = -1.5 * math.log(2 * math.pi * math.e * deviation**2)
        found = max(row[HELD_OUT_LOG_LIKELIHOOD] for row in fitted[1])
        assert best - 0.15 < found < best + 0.1

    def test_samples_have_its_quantiles_and_no_mean(self, fitted: Any) -> None:
        drawn = fitted[0].sample(4000, seeded(3))
        assert drawn.dtype == torch.float32
        assert drawn.mean(1).abs().max() < 1e-5
        parts = torch.tensor([0.1, 0.3, 0.5, 0.7, 0.9], dtype=torch.float64)
        expected = 0.1 * torch.special.ndtri(parts)[:, None].expand(-1, 3)
        found = (drawn.double() @ mean_free_basis(4)).quantile(parts, dim=0)
        torch.testing.assert_close(found, expected, atol=0.02, rtol=0)
        assert torch.equal(fitted[0].sample(5, seeded(4)), fitted[0].sample(5, seeded(4)))

    def test_a_loaded_model_is_the_same(self, fitted: Any, tmp_path: Path) -> None:
        fitted[0].save(tmp_path / "model.safetensors")
        again, patches = FLOW(**TINY), torch.rand(9, 4, generator=seeded())
        before = torch.get_rng_state()
        again.load(tmp_path / "model.safetensors")
        assert torch.equal(torch.get_rng_state(), before)
        assert torch.equal(again.log_prob(patches), fitted[0].log_prob(patches))
        with pytest.raises(ValueError, match="does not fit"):
            FLOW(**{**TINY, "width": 9}).load(tmp_path / "model.safetensors")

    def test_a_scale_of_zero_is_refused(self, fitted: Any) -> None:
        state = dict(fitted[0].state_dict())
        with pytest.raises(ValueError, match="scale must be positive"):
            FLOW(**TINY).load_state_dict({**state, "scale": torch.zeros(3)})

    def test_a_prior_without_a_model_says_so(self) -> None:
        with pytest.raises(RuntimeError, match="fit it, or load one"):
            FLOW(**TINY).log_prob(torch.zeros(1, 4))


class TestMap:
    def test_estimates_are_likelier_than_the_start_and_keep_the_mean(self, fitted: Any) -> None:
        prior, patches = fitted[0], 0.5 + 0.2 * torch.randn(30, 4, generator=seeded(5))
        start = FLOW(**{**TINY, "steps": 0})
        start.load_state_dict(prior.state_dict())

        def objective(estimates: Tensor) -> Tensor:
            return prior.log_prob(estimates) - (estimates - patches).square().sum(1) / 0.02

        before, found = (each.map_estimate(patches, 0.01) for each in (start, prior))
        assert (objective(found) > objective(before) - 1e-3).all()
        assert objective(found).mean() > objective(before).mean() + 0.01
        torch.testing.assert_close(found.mean(1), patches.mean(1))

    def test_without_noise_patches_stay(self, fitted: Any) -> None:
        patches = torch.rand(3, 4, generator=seeded())
        assert torch.equal(fitted[0].map_estimate(patches, 0.0), patches)
        with pytest.raises(ValueError, match="at least 0, not -1"):
            fitted[0].map_estimate(patches, -1)
