"""The adversarial network: gradients against two separate games, what it learns, how it restores."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from plugins.gan.adversary import Game
from plugins.gan.network import Networks
from plugins.gan.parameters import GANParameters
from priorbench.numerics.tiles import without_mean
from priorbench.plugins.manager import load_plugins
from priorbench.priors import Context
from priorbench.solvers import restore
from priorbench.tasks import Denoise

GAN = load_plugins([Path(__file__).parents[2] / "plugins"], strict=True).priors["gan"].load()
TINY: dict[str, Any] = {
    "tile_size": 8,
    "stride": 4,
    "latent_size": 8,
    "width": 8,
    "n_tiles": 2000,
    "held_out": 0.2,
    "batch": 32,
    "iterations": 450,
    "measure_every": 150,
    "average": 0.98,
}


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def stripes() -> list[Tensor]:
    """An image of vertical waves of one length, whose tiles differ in their phase alone."""
    waves = 0.5 + 0.3 * torch.sin(torch.arange(120.0) * 2 * torch.pi / 8)
    return [waves.expand(120, 120)[None, None].contiguous()]


def networks() -> Networks:
    found = Networks(8, latent_size=4, width=4).double()
    with torch.no_grad():
        for parameter in found.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=seeded()) * 0.2)
        found.scale.fill_(0.1)
    return found


@pytest.fixture(scope="module")
def fitted() -> tuple[Any, list[dict[str, float]]]:
    prior = GAN(**TINY)
    return prior, list(prior.fit(stripes(), Context.seeded(0)))


class TestGame:
    def gradients(self, network: Networks, tiles: Tensor) -> dict[str, Tensor]:
        network.zero_grad()
        game = Game(network, GANParameters(latent_size=4, penalty=0.7))
        loss, _ = game.loss(tiles, 0.0, seeded(1))
        torch.autograd.backward(loss)
        return {name: weight.grad.clone() for name, weight in network.named_parameters()}

    def test_each_network_follows_the_gradient_of_its_own_loss(self) -> None:
        network = networks()
        tiles = 0.1 * torch.randn(6, 8, 8, generator=seeded(2), dtype=torch.float64)
        found = self.gradients(network, tiles)
        z = torch.randn(6, 4, generator=seeded(1)).double()
        drawn = network.seen(network.generate(z))
        of_generator = F.softplus(-network.critic(drawn)).mean()
        names, weights = zip(*network.generator.named_parameters(), strict=True)
        for name, gradient in zip(names, torch.autograd.grad(of_generator, weights), strict=True):
            torch.testing.assert_close(found[f"generator.{name}"], gradient)
        real = network.seen(without_mean(tiles))
        of_critic = F.softplus(-network.critic(real)).mean()
        of_critic = of_critic + F.softplus(network.critic(drawn.detach())).mean()
        # The squared gradient on photographs, tile by tile.
        for tile in real:
            slope = torch.autograd.functional.jacobian(
                lambda x: network.critic(x[None])[0, 0], tile, create_graph=True
            )
            of_critic = of_critic + 0.5 * 0.7 * slope.square().sum() / len(real)
        names, weights = zip(*network.critic.named_parameters(), strict=True)
        for name, gradient in zip(names, torch.autograd.grad(of_critic, weights), strict=True):
            torch.testing.assert_close(found[f"critic.{name}"], gradient)

    def test_a_generator_of_one_tile_is_seen_to_have_collapsed(self) -> None:
        network, noise = networks(), torch.randn(200, 8, 8, generator=seeded(3)).double()
        game = Game(network, GANParameters(latent_size=4))
        tile = without_mean(0.1 * noise[:1])
        network.generate = lambda z: tile.expand(len(z), 8, 8)
        row = game.measure([0.1 * noise])
        assert row["precision"] == 1.0
        assert row["recall"] <= 0.05
        # Tiles of the same distribution reach most.
        other = without_mean(0.1 * torch.randn(200, 8, 8, generator=seeded(4)).double())
        network.generate = lambda z: other
        better = game.measure([0.1 * noise])
        assert better["recall"] > 0.5
        assert better["held_out_nearness"] > row["held_out_nearness"]


class TestFit:
    def test_draws_come_near_to_the_tiles(self, fitted: Any) -> None:
        rows = fitted[1]
        assert max(row["held_out_nearness"] for row in rows) > 0.5 * rows[0]["held_out_nearness"]

    def test_tiles_have_no_mean_and_are_differentiable(self, fitted: Any) -> None:
        prior = fitted[0]
        z = torch.randn(5, 8, generator=seeded()).requires_grad_()
        tiles = prior.decode(z)
        assert tiles.shape == (5, 8, 8)
        assert tiles.mean((1, 2)).abs().max() < 1e-6
        (gradient,) = torch.autograd.grad(tiles.square().sum(), z)
        assert (gradient.abs().sum(1) > 0).all()

    def test_a_loaded_model_is_the_same(self, fitted: Any, tmp_path: Path) -> None:
        fitted[0].save(tmp_path / "model.safetensors")
        again, z = GAN(**TINY), torch.randn(5, 8, generator=seeded())
        again.load(tmp_path / "model.safetensors")
        assert torch.equal(again.decode(z), fitted[0].decode(z))


class TestRestore:
    def test_waves_are_found_in_noise(self, fitted: Any) -> None:
        clean = stripes()[0][:, :, :24, :24]
        problem = Denoise(50).corrupt(clean, seeded(5))
        found = restore(fitted[0], problem, Context.seeded(0)).image
        noise, left = ((each - clean).square().mean() for each in (problem.y, found))
        assert left < 0.6 * noise

    def test_with_a_deviation_of_zero_it_is_what_is_generated(self, fitted: Any) -> None:
        exact = GAN(**{**TINY, "deviation": 0, "stride": 8})
        exact.load_state_dict(fitted[0].state_dict())
        clean = stripes()[0][:, :, :8, :8]
        problem = Denoise(25).corrupt(clean, seeded(5))
        found = restore(exact, problem, Context.seeded(0)).image[0]
        tile = without_mean(found)
        codes = torch.zeros(1, 8, requires_grad=True)
        optimiser = torch.optim.Adam([codes], lr=0.05)
        for _ in range(300):
            optimiser.zero_grad()
            (exact.decode(codes) - tile).square().sum().backward()
            optimiser.step()
        assert (exact.decode(codes) - tile).abs().max() < 0.05


@pytest.mark.parametrize(
    ("wrong", "message"),
    [({"tile_size": 24}, "tile_size must be a power of 2, not 24"), ({"stride": 17}, "stride")],
)
def test_wrong_parameters_are_refused(wrong: dict[str, int], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        GAN(**wrong)
