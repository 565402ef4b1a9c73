import math
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage import data

from plugins.dncnn import model
from plugins.dncnn import network as network_module
from priorbench.data.tensors import to_tensor
from priorbench.operators import Identity
from priorbench.plugins.manager import load_plugins
from priorbench.priors import Context
from priorbench.problem import Problem
from priorbench.solvers import restore
from priorbench.store.checkpoints import Checkpoint

REGISTRY = load_plugins([Path(__file__).parents[2] / "plugins"])
DNCNN = REGISTRY.priors["dncnn"].load()

SMALL = {"width": 4, "blocks": 1, "scales": 2, "tile_size": 16}
TINY = {**SMALL, "n_tiles": 600, "held_out": 0.1, "iterations": 60, "batch": 8, "measure_every": 20}


def photograph(image, rows=slice(None, None, 4)):
    return to_tensor(image.astype(np.float32)[rows, rows] / 255)


@pytest.fixture(scope="module")
def natural():
    return [photograph(image) for image in (data.brick(), data.grass(), data.coins())]


def fitted(images, seed=0, checkpoint=None, **changes):
    prior = DNCNN(**{**TINY, **changes})
    return prior, list(
        prior.fit(images, Context.seeded(seed, checkpoint=checkpoint or Checkpoint()))
    )


@pytest.fixture(scope="module")
def trained(natural):
    return fitted(natural)


@pytest.fixture(scope="module")
def trained_longer(natural):
    return fitted(natural, iterations=300, measure_every=100, learning_rate=0.04, average=0.98)


def untrained(seed=0, **changes):
    """A prior with random weights, strong enough for all layers to count."""
    prior = DNCNN(**{**SMALL, **changes})
    network = network_module.DenoisingNetwork(
        prior.parameters.width, prior.parameters.blocks, prior.parameters.scales
    )
    generator = torch.Generator().manual_seed(seed)
    state = {
        name: torch.randn(value.shape, generator=generator) / math.sqrt(value[0].numel())
        for name, value in network.state_dict().items()
    }
    prior.load_state_dict(state)
    return prior


def noisy(height, width, channels=1, seed=0):
    return torch.rand(1, channels, height, width, generator=torch.Generator().manual_seed(seed))


def timeless(rows):
    return [{name: value for name, value in row.items() if name != "seconds"} for row in rows]


def assert_same_state(one, other):
    assert one.keys() == other.keys()
    assert all(torch.equal(one[name], other[name]) for name in one)


class TestNetwork:
    @settings(max_examples=20)
    @given(st.floats(1e-3, 1e3), st.floats(1e-3, 1.0), st.integers(1, 3))
    def test_it_is_homogeneous(self, factor, sigma, scales):
        network = untrained(scales=scales).network.double()
        y, level = noisy(16, 24)[0].double() - 0.5, torch.tensor([sigma], dtype=torch.float64)
        expected = factor * network(y, level)
        torch.testing.assert_close(
            network(factor * y, factor * level), expected, rtol=1e-9, atol=1e-9 * factor
        )

    def test_it_hears_the_noise_level(self):
        network, y = untrained().network, noisy(16, 24)[0] - 0.5
        assert (
            network(y, torch.tensor([0.1])) - network(y, torch.tensor([0.2]))
        ).abs().max() > 1e-3

    @pytest.mark.parametrize("scales", [1, 2, 3])
    @pytest.mark.parametrize("blocks", [1, 2])
    def test_no_pixel_further_than_its_reach_counts(self, scales, blocks):
        network = network_module.DenoisingNetwork(2, blocks, scales).double()
        for parameter in network.parameters():
            # All that is positive stays it, so nothing cancels and no unit is off.
            torch.nn.init.constant_(parameter, 1 / parameter[0].numel())
        side = 2 * network.reach + 2 * network.divisor
        far = 0
        for offset in range(network.divisor):
            y = torch.ones(1, 8 * network.divisor, side, dtype=torch.float64, requires_grad=True)
            column = side // 2 + offset
            network(y, torch.ones(1, dtype=torch.float64))[0, :, column].sum().backward()
            used = y.grad.abs().sum((0, 1)).nonzero()
            far = max(far, int((used - column).abs().max()))
        assert far <= network.reach
        # Nor is it far too much.
        assert far > network.reach - 3 * network.divisor

    def test_batches_are_planes_by_themselves(self):
        network, y = (
            untrained().network,
            torch.cat([noisy(16, 24, seed=seed)[0] for seed in (0, 1)]),
        )
        sigma = torch.tensor([0.1, 0.3])
        alone = torch.cat([network(y[row : row + 1], sigma[row : row + 1]) for row in range(2)])
        torch.testing.assert_close(network(y, sigma), alone)


class TestDenoising:
    @pytest.mark.parametrize("channels", [1, 3])
    @pytest.mark.parametrize("pixels", [1, 24 * 40, 24 * 100])
    def test_bands_change_nothing(self, monkeypatch, channels, pixels):
        prior, image = untrained(), noisy(201, 23, channels)
        whole = prior.denoise(image, 0.1)
        heights = []
        forward = prior.network.forward
        monkeypatch.setattr(
            prior.network,
            "forward",
            lambda y, sigma: heights.append(y.shape[1]) or forward(y, sigma),
            raising=False,
        )
        monkeypatch.setattr(model, "PIXELS_IN_A_BAND", pixels)
        torch.testing.assert_close(prior.denoise(image, 0.1), whole, rtol=0, atol=1e-5)
        assert len(heights) > channels
        assert max(heights) < 201
        assert (whole - image).abs().max() > 0.1

    def test_a_smaller_reach_would_change_it(self, monkeypatch):
        prior, image = untrained(), noisy(201, 23)
        whole = prior.denoise(image, 0.1)
        monkeypatch.setattr(model, "PIXELS_IN_A_BAND", 24 * 40)
        prior.network.reach = prior.network.divisor
        assert (prior.denoise(image, 0.1) - whole).abs().max() > 1e-3

    @settings(max_examples=40)
    @given(st.integers(1, 40), st.integers(1, 40), st.sampled_from([1, 2, 3]), st.integers(1, 3))
    def test_any_size_keeps_its_shape(self, height, width, channels, scales):
        prior, image = untrained(scales=scales), noisy(height, width, channels)
        before = image.clone()
        found = prior.denoise(image, 0.1)
        assert found.shape == image.shape
        assert found.dtype == torch.float32
        assert found.isfinite().all()
        assert torch.equal(image, before)

    @pytest.mark.slow
    @given(st.floats(-2, 2), st.sampled_from([1, 3]))
    def test_a_shift_of_the_brightness_shifts_the_result(self, shift, channels):
        prior, image = untrained(), noisy(13, 18, channels)
        torch.testing.assert_close(
            prior.denoise(image + shift, 0.1), prior.denoise(image, 0.1) + shift, rtol=0, atol=1e-4
        )

    @pytest.mark.parametrize("sigma", [0.0, -1.0])
    def test_without_noise_the_image_stays(self, sigma):
        image = noisy(9, 9)
        assert torch.equal(untrained().denoise(image, sigma), image)

    @pytest.mark.parametrize("channels", [1, 3])
    def test_a_gradient_is_that_of_differences_where_it_is_asked_for(self, channels):
        prior, image = untrained(), noisy(8, 12, channels).double()
        prior.network.double()
        weight, direction = noisy(8, 12, channels, 1).double(), noisy(8, 12, channels, 2).double()

        def moved(step):
            return float((weight * prior.denoise(image + step * direction, 0.1)).sum())

        assert not prior.denoise(image, 0.1).requires_grad
        asked = image.clone().requires_grad_()
        denoised = prior.denoise(asked, 0.1)
        assert torch.equal(denoised.detach(), prior.denoise(image, 0.1))
        (gradient,) = torch.autograd.grad((weight * denoised).sum(), asked)
        slope = (moved(1e-6) - moved(-1e-6)) / 2e-6
        assert float((gradient * direction).sum()) == pytest.approx(slope, rel=1e-5)

    def test_colour_is_denoised_in_opponent_planes(self):
        prior, image = untrained(), noisy(12, 16, 3)
        found = prior.denoise(image, 0.1)[0]
        for row, share in (
            ([1 / 3, 1 / 3, 1 / 3], 3 / 9),
            ([1 / 2, 0, -1 / 2], 2 / 4),
            ([1 / 4, -1 / 2, 1 / 4], 6 / 16),
        ):
            mix = torch.tensor(row)
            plane = torch.einsum("c,chw->hw", mix, image[0])[None, None]
            expected = prior.denoise(plane, 0.1 * math.sqrt(share))[0, 0]
            torch.testing.assert_close(
                torch.einsum("c,chw->hw", mix, found), expected, rtol=0, atol=1e-5
            )

    def test_a_prior_without_a_model_says_so(self):
        with pytest.raises(RuntimeError, match="fit it, or load one"):
            DNCNN(**SMALL).denoise(noisy(16, 16), 0.1)


class TestFit:
    @pytest.mark.slow
    def test_held_out_tiles_lose_their_noise(self, trained_longer):
        rows = trained_longer[1]
        of_noise = [-20 * math.log10(sigma / 255) for sigma in model.MEASURED]
        assert rows[-1]["held_out_psnr"] > sum(of_noise) / 3 + 1
        assert rows[-1]["held_out_psnr"] > rows[0]["held_out_psnr"]
        for row in rows:
            levels = [row[f"psnr_sigma_{sigma}"] for sigma in model.MEASURED]
            assert row["held_out_psnr"] == pytest.approx(sum(levels) / 3)
        assert [row["iteration"] for row in rows] == [100, 200, 300]

    @pytest.mark.parametrize("sigma", [25 / 255, 50 / 255])
    def test_an_image_it_has_not_seen_loses_its_noise(self, trained_longer, sigma):
        prior, clean = trained_longer[0], photograph(data.camera())
        y = clean + sigma * torch.randn(clean.shape, generator=torch.Generator().manual_seed(1))
        found = prior.denoise(y, sigma)
        assert (found - clean).square().mean() < (y - clean).square().mean() / 2
        problem = Problem(y, Identity(tuple(clean.shape[1:])), sigma)
        assert torch.equal(restore(prior, problem, Context.seeded(0)).image, found)

    @pytest.mark.slow
    def test_it_depends_on_the_seed_alone_and_leaves_torchs_generator(self, natural, trained):
        torch.manual_seed(123)
        before = torch.get_rng_state()
        again, rows = fitted(natural)
        assert torch.equal(torch.get_rng_state(), before)
        assert timeless(rows) == timeless(trained[1])
        assert_same_state(again.state_dict(), trained[0].state_dict())
        other, _ = fitted(natural, seed=1, iterations=1)
        one, _ = fitted(natural, seed=0, iterations=1)
        assert not torch.equal(*(each.state_dict()["head.weight"] for each in (one, other)))

    @pytest.mark.slow
    @pytest.mark.parametrize("step", [3, 20, 45])
    def test_a_killed_training_goes_on_bit_for_bit(
        self, natural, trained, tmp_path, monkeypatch, step
    ):
        class Killed(Exception):
            pass

        def loss(self, *arguments):
            nonlocal looks
            looks += 1
            if looks == step:
                raise Killed
            return own(self, *arguments)

        looks, own = 0, model.RemoveNoise.loss
        with monkeypatch.context() as patch, pytest.raises(Killed):
            patch.setattr(model.RemoveNoise, "loss", loss)
            fitted(natural, checkpoint=Checkpoint(tmp_path / "state", every=0))
        resumed, rows = fitted(natural, checkpoint=Checkpoint(tmp_path / "state", every=0))
        assert timeless(rows) == timeless(trained[1])
        assert_same_state(resumed.state_dict(), trained[0].state_dict())

    def test_colour_images_are_learned_as_gray(self, natural):
        colour = [image.expand(1, 3, -1, -1) for image in natural]
        gray, other = fitted(natural, iterations=2)[1], fitted(colour, iterations=2)[1]
        assert gray[0]["held_out_psnr"] == pytest.approx(other[0]["held_out_psnr"], abs=1e-3)

    def test_images_smaller_than_a_tile_are_refused(self):
        with pytest.raises(ValueError, match=r"16 × 16 .*15 × 20, 9 × 9"):
            fitted([noisy(15, 20), noisy(9, 9)])

    def test_a_single_place_is_refused(self):
        with pytest.raises(ValueError, match="too few or too small"):
            fitted([noisy(16, 16)])

    def test_two_channels_are_refused(self):
        with pytest.raises(ValueError, match="1 or 3 channels, not 2"):
            fitted([noisy(20, 20, 2)])

    @pytest.mark.parametrize(
        "bad", [{"width": 0}, {"scales": 6}, {"sigma_max": 0}, {"depth": 3}, {"average": 1.0}]
    )
    def test_bad_parameters_are_refused(self, bad):
        with pytest.raises(ValueError, match=next(iter(bad))):
            DNCNN(**bad)

    @pytest.mark.parametrize(("scales", "tile_size"), [(1, 9), (2, 10), (3, 12), (5, 48)])
    def test_tiles_that_can_not_be_halved_are_refused(self, scales, tile_size):
        divisor = network_module.DenoisingNetwork(1, 1, scales).divisor
        with pytest.raises(
            ValueError, match=f"multiple of {divisor} for {scales} scales, not {tile_size}"
        ):
            DNCNN(scales=scales, tile_size=tile_size)
        assert (
            DNCNN(scales=scales, tile_size=2 * divisor + 8 // divisor * divisor).parameters.scales
            == scales
        )


class TestModelFile:
    def test_a_saved_model_denoises_the_same(self, trained, tmp_path):
        trained[0].save(tmp_path / "model.safetensors")
        again = DNCNN(**TINY)
        before = torch.get_rng_state()
        again.load(tmp_path / "model.safetensors")
        assert torch.equal(torch.get_rng_state(), before)
        image = noisy(33, 21, 3)
        assert torch.equal(again.denoise(image, 0.1), trained[0].denoise(image, 0.1))

    @pytest.mark.parametrize("part", [0.0, 0.3, 0.99])
    def test_a_file_that_was_cut_off_is_refused(self, trained, tmp_path, part):
        path = tmp_path / "model.safetensors"
        trained[0].save(path)
        path.write_bytes(path.read_bytes()[: int(part * path.stat().st_size)])
        with pytest.raises(
            ValueError, match=r"model\.safetensors is not a whole safetensors model"
        ):
            DNCNN(**TINY).load(path)

    @pytest.mark.parametrize("other", [{"width": 8}, {"blocks": 2}, {"scales": 1}])
    def test_a_model_of_other_parameters_is_refused(self, trained, tmp_path, other):
        trained[0].save(tmp_path / "model.safetensors")
        with pytest.raises(ValueError, match="does not fit this prior"):
            DNCNN(**{**TINY, **other}).load(tmp_path / "model.safetensors")

    @pytest.mark.parametrize("value", [math.nan, math.inf])
    def test_weights_that_are_no_numbers_are_refused(self, trained, tmp_path, value):
        state = {name: weight.clone() for name, weight in trained[0].state_dict().items()}
        state["tail.weight"][0, 0, 0, 0] = value
        with pytest.raises(ValueError, match=r"tail\.weight must be finite"):
            DNCNN(**TINY).load_state_dict(state)
