"""The vector-quantised autoencoder against brute force: codes, averages, the bound, its draws."""

from __future__ import annotations

from itertools import product
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from plugins.vq_vae.codebook import Codebook
from plugins.vq_vae.codes import CodeNetwork
from plugins.vq_vae.network import CodedTiles
from plugins.vq_vae.objective import perplexity, straight_through
from plugins.vq_vae.parameters import VQVAEParameters
from priorbench.networks.block_dct import BlockDCT
from priorbench.numerics.tiles import without_mean
from priorbench.plugins.manager import load_plugins
from priorbench.priors import HELD_OUT_LOG_LIKELIHOOD, Context
from priorbench.solvers import restore
from priorbench.store.checkpoints import Checkpoint
from priorbench.tasks import Denoise

VQVAE = load_plugins([Path(__file__).parents[2] / "plugins"], strict=True).priors["vq-vae"].load()
TINY: dict[str, Any] = {
    "tile_size": 8,
    "block": 4,
    "stride": 4,
    "entries": 16,
    "code_size": 4,
    "decay": 0.9,
    "width": 16,
    "depth": 1,
    "codes_width": 12,
    "codes_layers": 1,
    "n_tiles": 2000,
    "held_out": 0.1,
    "batch": 32,
    "iterations": 240,
    "measure_every": 80,
    "average": 0.98,
}
SIDE, ENTRIES = 2, 3
ALL = torch.tensor(list(product(range(ENTRIES), repeat=SIDE**2))).view(-1, SIDE, SIDE)
"""Every grid of codes of the tiny case."""


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def normal(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=seeded(seed), dtype=torch.float64)


def scattered(network: Any) -> Any:
    """Give a network weights that are large enough for all of them to count."""
    with torch.no_grad():
        for number, parameter in enumerate(network.parameters()):
            parameter.copy_(0.4 * normal(*parameter.shape, seed=number))
    return network.double().requires_grad_(False)


def tiny_codes() -> CodeNetwork:
    found: CodeNetwork = scattered(CodeNetwork(SIDE, ENTRIES, size=2, width=6, layers=2))
    return found


def tiny_tiles() -> CodedTiles:
    options = VQVAEParameters(
        tile_size=4,
        block=2,
        stride=1,
        entries=ENTRIES,
        code_size=2,
        width=6,
        depth=1,
        codes_width=6,
        codes_layers=1,
    )
    found: CodedTiles = scattered(CodedTiles(BlockDCT(4, 2), options))
    found.codebook.counts.fill_(1.0)
    return found


def stripes() -> list[Tensor]:
    """An image of vertical waves of one length, whose tiles differ in their phase alone."""
    waves = 0.5 + 0.3 * torch.sin(torch.arange(120.0) * 2 * torch.pi / 8)
    return [waves.expand(120, 120)[None, None].contiguous()]


@pytest.fixture(scope="module")
def fitted() -> tuple[Any, list[dict[str, float]]]:
    prior = VQVAE(**TINY)
    return prior, list(prior.fit(stripes(), Context.seeded(0)))


class TestCodebook:
    def book(self) -> Codebook:
        found = Codebook(7, 3, decay=0.9).double()
        found.counts.copy_(1 + normal(7).abs())
        found.sums.copy_(normal(7, 3, seed=1))
        return found

    def test_the_nearest_entry_is_that_of_brute_force(self) -> None:
        book, maps = self.book(), normal(5, 3, 2, 4, seed=2)
        index = book.quantised(maps)
        for tile, row, column in product(range(5), range(2), range(4)):
            z = maps[tile, :, row, column]
            distances = [float((z - entry).norm()) for entry in book.vectors]
            assert int(index[tile, row, column]) == distances.index(min(distances))
        chosen = book.vectors[index[3, 1, 2]]
        assert torch.equal(book.maps(index)[3, :, 1, 2], chosen)

    def test_entries_follow_as_a_loop_says(self) -> None:
        book, z = self.book(), normal(40, 3, seed=3)
        index = torch.randint(6, (40,), generator=seeded())
        counts, sums = book.counts.clone(), book.sums.clone()
        for entry in range(7):
            mine = [vector for vector, number in zip(z, index, strict=True) if number == entry]
            counts[entry] = 0.9 * counts[entry] + 0.1 * len(mine)
            sums[entry] = 0.9 * sums[entry] + 0.1 * sum(mine, torch.zeros(3).double())
        book.follow(z, index)
        torch.testing.assert_close(book.counts.data, counts)
        torch.testing.assert_close(book.vectors, sums / counts[:, None])

    def test_dead_entries_alone_move_to_vectors_of_the_batch(self) -> None:
        book, z = self.book(), normal(70, 3, seed=4)
        book.counts[2] = 0.01
        before = book.vectors.clone()
        book.restart(z, seeded())
        others = [0, 1, 3, 4, 5, 6]
        assert torch.equal(book.vectors[others], before[others])
        assert (z - book.vectors[2]).abs().amax(1).min() < 1e-12
        assert float(book.counts[2]) == 70 / 7

    def test_the_gradient_goes_straight_through(self) -> None:
        maps, entries, weight = normal(4, 3, seed=1), normal(4, 3, seed=2), normal(4, 3, seed=3)
        maps.requires_grad_()
        value = straight_through(maps, entries)
        torch.testing.assert_close(value, entries)
        (gradient,) = torch.autograd.grad((value.square() * weight).sum(), maps)
        torch.testing.assert_close(gradient, 2 * entries * weight)

    def test_perplexity_counts_entries_that_are_used_alike(self) -> None:
        assert perplexity(torch.tensor([0, 1, 2, 3] * 5), 9) == pytest.approx(4)
        assert perplexity(torch.zeros(5, dtype=torch.long), 9) == pytest.approx(1)


class TestCodes:
    def test_probabilities_of_all_grids_sum_to_one(self) -> None:
        log_prob = tiny_codes().log_prob(ALL, normal(ENTRIES, 2))
        assert float(log_prob.exp().sum()) == pytest.approx(1, abs=1e-12)
        assert log_prob.std() > 0.1

    def test_a_code_depends_on_all_before_it_and_on_no_other(self) -> None:
        network = scattered(CodeNetwork(3, ENTRIES, size=2, width=6, layers=2))
        maps = normal(1, 2, 3, 3)

        def told(maps: Tensor) -> Tensor:
            return network.log_probabilities(maps)[0].flatten(1).mT

        jacobian = torch.autograd.functional.jacobian(told, maps)
        seen = jacobian[:, :, 0].abs().sum((1, 2)).flatten(1) != 0
        assert torch.equal(seen, torch.ones(9, 9).tril(-1).bool())

    def test_draws_follow_the_probabilities(self) -> None:
        network, vectors, count = tiny_codes(), normal(ENTRIES, 2), 20_000
        expected = network.log_prob(ALL, vectors).exp() * count
        drawn = network.draw(count, vectors, seeded(5)).flatten(1)
        numbers = (drawn * ENTRIES ** torch.arange(3, -1, -1)).sum(1)
        found = torch.bincount(numbers, minlength=len(ALL))
        often = expected > 5
        chi_square = ((found - expected).square() / expected)[often].sum()
        # Mean and standard deviation of its distribution with as many degrees of freedom.
        freedom = int(often.sum()) - 1
        assert freedom > 20
        assert abs(float(chi_square) - freedom) < 4 * (2 * freedom) ** 0.5


class TestBound:
    def test_the_joint_is_below_the_sum_over_all_codes(self) -> None:
        network, dct = tiny_tiles(), BlockDCT(4, 2)
        u = dct.coefficients(without_mean(normal(20, 4, 4, seed=8)))
        joint = network.log_joint(u, network.encode(u, u.new_zeros(20))).total
        every = torch.stack(
            [network.log_joint(u, index.expand(20, SIDE, SIDE)).total for index in ALL]
        )
        assert (joint < every.logsumexp(0)).all()
        # It is one of the terms.
        assert ((every - joint).abs().amin(0) < 1e-9).all()

    def test_log_prob_of_the_prior_is_the_joint_of_its_codes(self, fitted: Any) -> None:
        prior = fitted[0]
        patches = torch.rand(6, 64, generator=seeded())
        network = prior.network
        u = prior.dct.coefficients(without_mean(patches.view(6, 8, 8)))
        index = network.encode(u, torch.zeros(6))
        expected = network.decode(index).log_prob(u, torch.zeros(6))
        expected = expected + network.codes.log_prob(index, network.codebook.vectors)
        torch.testing.assert_close(prior.log_prob(patches), expected)
        torch.testing.assert_close(prior.log_prob(patches + 0.1), expected, rtol=1e-3, atol=0.1)


class TestFit:
    def test_the_bound_rises_and_codes_are_used(self, fitted: Any) -> None:
        rows = fitted[1]
        assert rows[-1][HELD_OUT_LOG_LIKELIHOOD] > rows[0][HELD_OUT_LOG_LIKELIHOOD]
        assert 2 < rows[-1]["perplexity"] <= 16
        # The PSNR of a tile's mean, which knows nothing of the wave.
        variance = stripes()[0].var(correction=0)
        assert rows[-1]["reconstruction_psnr"] > -10 * float(variance.log10()) + 1

    def test_draws_are_tiles_without_a_mean(self, fitted: Any) -> None:
        tiles = fitted[0].sample_tiles(30, seeded())
        assert tiles.shape == (30, 8, 8)
        assert tiles.mean((1, 2)).abs().max() < 1e-5
        assert torch.equal(tiles.flatten(1), fitted[0].sample(30, seeded()))

    def test_a_loaded_model_is_the_same(self, fitted: Any, tmp_path: Path) -> None:
        fitted[0].save(tmp_path / "model.safetensors")
        again, patches = VQVAE(**TINY), torch.rand(5, 64, generator=seeded())
        again.load(tmp_path / "model.safetensors")
        assert torch.equal(again.log_prob(patches), fitted[0].log_prob(patches))

    def test_a_training_that_was_killed_goes_on_with_its_codebook(self, tmp_path: Path) -> None:
        short = {**TINY, "iterations": 30, "measure_every": 10}
        whole, halved = VQVAE(**short), VQVAE(**short)
        list(whole.fit(stripes(), Context.seeded(0)))

        def context() -> Context:
            checkpoint = Checkpoint(tmp_path / "state", "key", every=0)
            return Context.seeded(0, checkpoint=checkpoint)

        rows = halved.fit(stripes(), context())
        next(rows), next(rows)
        rows.close()
        again = VQVAE(**short)
        list(again.fit(stripes(), context()))
        for name, value in whole.state_dict().items():
            assert torch.equal(again.state_dict()[name], value), name


class TestRestore:
    def test_waves_are_found_in_noise(self, fitted: Any) -> None:
        clean = stripes()[0][:, :, :24, :24]
        problem = Denoise(50).corrupt(clean, seeded(5))
        found = restore(fitted[0], problem, Context.seeded(0)).image
        noise, left = ((each - clean).square().mean() for each in (problem.y, found))
        assert left < 0.3 * noise

    def test_an_estimate_is_the_best_given_its_codes(self, fitted: Any) -> None:
        prior, variance = fitted[0], 0.04
        patches = torch.rand(3, 64, generator=seeded())
        estimate = prior.map_estimate(patches, variance)
        torch.testing.assert_close(estimate.mean(1), patches.mean(1))
        u, x = (
            prior.dct.coefficients(without_mean(each.view(3, 8, 8))) for each in (patches, estimate)
        )
        decoded = prior.network.decode(prior.network.encode(u, torch.full((3,), variance)))

        def objective(x: Tensor) -> Tensor:
            misfit = (x - u).square().sum((1, 2, 3)) / (2 * variance)
            return decoded.log_prob(x, torch.zeros(3)) - misfit

        for seed in range(20):
            step = torch.randn(3, 8, 8, generator=seeded(seed))
            moved = x + 0.02 * prior.dct.coefficients(without_mean(step))
            assert (objective(x) > objective(moved)).all()

    def test_a_wrong_noise_variance_is_refused(self, fitted: Any) -> None:
        with pytest.raises(ValueError, match="noise_variance must be a finite number"):
            fitted[0].map_estimate(torch.rand(2, 64), -1.0)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [({"block": 5}, "must be a multiple of block 5"), ({"stride": 17}, "stride")],
)
def test_wrong_parameters_are_refused(wrong: dict[str, int], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        VQVAE(**wrong)


@pytest.mark.parametrize(("name", "value"), [("spectrum", -1.0), ("codebook.counts", -1.0)])
def test_a_wrong_model_is_refused(fitted: Any, name: str, value: float) -> None:
    state = {key: tensor.clone() for key, tensor in fitted[0].state_dict().items()}
    state[name].fill_(value)
    with pytest.raises(ValueError, match=name):
        VQVAE(**TINY).load_state_dict(state)
