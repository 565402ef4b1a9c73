import math
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from plugins.vae import density, elbo
from priorbench.data.embedded import file_of
from priorbench.data.images import read_image
from priorbench.data.tensors import to_tensor
from priorbench.numerics.tiles import without_mean
from priorbench.plugins.manager import load_plugins
from priorbench.priors import Context
from priorbench.solvers import restore
from priorbench.store.checkpoints import Checkpoint
from priorbench.tasks import Deblur, Denoise, DenoisePoisson, Inpaint, SuperResolve

PRIORS = load_plugins([Path(__file__).parents[2] / "plugins"]).priors
VAE, PatchVAE = PRIORS["vae"].load(), PRIORS["vae-patch"].load()
TINY = {
    "tile_size": 16,
    "latent_size": 16,
    "width": 12,
    "depth": 1,
    "stride": 8,
    "n_tiles": 2000,
    "search_steps": 10,
}
TINY_PATCHES = {
    "tile_size": 4,
    "block": 4,
    "latent_size": 1,
    "width": 8,
    "depth": 1,
    "n_tiles": 2000,
    "samples": 8,
}
SHORT = {"iterations": 150, "measure_every": 50, "held_out": 0.1}


def photograph(name, side=96):
    return to_tensor(read_image(file_of(name)))[
        :, :1, 100 : 100 + side, 100 : 100 + side
    ].contiguous()


def fitted(kind, images, **parameters):
    prior = kind(**parameters)
    rows = list(prior.fit(images, Context.seeded(0)))
    return prior, rows


@pytest.fixture(scope="module")
def tiny():
    """An autoencoder of tiles after seconds of training."""
    return fitted(VAE, [photograph("camera", 256), photograph("coins", 200)], **TINY, **SHORT)


@pytest.fixture(scope="module")
def tiny_patches():
    return fitted(PatchVAE, [photograph("camera", 256)], **TINY_PATCHES, **SHORT)


def as_mode(prior, **changes):
    other = type(prior)(**{**prior.parameters.model_dump(), **changes})
    other.load_state_dict(prior.state_dict())
    return other


def psnr(restored, clean):
    return -10 * float((restored.clamp(0, 1) - clean).square().mean().log10())


class TestDensity:
    def test_divergence_and_ratio(self):
        code = density.Code(
            torch.randn(5, 3, dtype=torch.float64), torch.randn(5, 3, dtype=torch.float64)
        )
        q = torch.distributions.Normal(code.mean, (0.5 * code.log_variance).exp())
        p = torch.distributions.Normal(torch.zeros(3, dtype=torch.float64), 1.0)
        torch.testing.assert_close(
            code.divergence(), torch.distributions.kl_divergence(q, p.expand((5, 3)))
        )
        standard = torch.randn(5, 3, dtype=torch.float64)
        z = code.at(standard)
        torch.testing.assert_close(code.log_ratio(standard), (p.log_prob(z) - q.log_prob(z)).sum(1))


class TestPatches:
    @pytest.mark.slow
    def test_the_likelihood_is_the_integral_over_the_codes(self, tiny_patches):
        prior, _ = tiny_patches
        patches = torch.stack(
            [photograph("camera")[0, 0, i : i + 4, 3 * i : 3 * i + 4].flatten() for i in range(4)]
        )
        z = torch.linspace(-9, 9, 4001)[:, None]
        decoded = prior.decoded(z)
        for patch in patches:
            u = prior.dct.coefficients(without_mean(patch.view(1, 4, 4))).expand(len(z), -1, -1, -1)
            log_joint = (
                decoded.log_prob(u, torch.zeros(len(z)))
                - 0.5 * z[:, 0].square()
                - 0.5 * math.log(2 * math.pi)
            )
            exact = float(torch.logsumexp(log_joint.double(), 0)) + math.log(18 / 4000)
            many = as_mode(prior, samples=500)
            assert float(many.log_prob(patch[None])) == pytest.approx(exact, abs=0.1)

    def test_more_samples_give_a_higher_bound_in_the_mean(self, tiny_patches):
        prior, _ = tiny_patches
        windows = photograph("coins")[0, 0].unfold(0, 4, 3).unfold(1, 4, 3).reshape(-1, 16)
        bounds = [
            float(as_mode(prior, samples=count).log_prob(windows).mean()) for count in (1, 8, 64)
        ]
        assert bounds == sorted(bounds)
        assert bounds[0] < bounds[2]

    def test_a_score_does_not_hang_on_the_patches_beside_it(self, tiny_patches):
        prior, _ = tiny_patches
        patches = torch.rand(20, 16)
        # Products of other shapes are rounded elsewhere.
        torch.testing.assert_close(
            prior.log_prob(patches)[3:5], prior.log_prob(patches[3:5]), rtol=1e-4, atol=1e-3
        )

    def test_samples_have_no_mean(self, tiny_patches):
        prior, _ = tiny_patches
        patches = prior.sample(100, torch.Generator().manual_seed(0))
        assert patches.shape == (100, 16)
        assert patches.mean(1).abs().max() < 1e-6

    def test_estimates_keep_the_mean_and_remove_noise(self, tiny_patches):
        prior, _ = tiny_patches
        clean = photograph("coins")[0, 0].unfold(0, 4, 3).unfold(1, 4, 3).reshape(-1, 16)
        noisy = clean + 0.1 * torch.randn(clean.shape, generator=torch.Generator().manual_seed(0))
        estimate = prior.map_estimate(noisy, 0.01)
        torch.testing.assert_close(estimate.mean(1), noisy.mean(1))
        assert (estimate - clean).square().mean() < 0.5 * (noisy - clean).square().mean()
        assert torch.equal(prior.map_estimate(noisy, 0.0), noisy)

    def test_the_training_curve_has_the_likelihood(self, tiny_patches):
        _, rows = tiny_patches
        assert rows[-1]["held_out_log_likelihood"] > rows[0]["held_out_log_likelihood"]
        assert all(row["held_out_log_likelihood"] >= row["held_out_elbo"] for row in rows)


class TestTraining:
    @pytest.mark.slow
    def test_the_bound_rises(self, tiny):
        _, rows = tiny
        assert rows[-1]["held_out_elbo"] > rows[0]["held_out_elbo"]
        last = rows[-1]
        assert last["bits_per_dimension"] == pytest.approx(
            (math.log(255) - last["held_out_elbo"] / 255) / math.log(2)
        )
        assert 0 <= last["active_units"] <= TINY["latent_size"]

    @pytest.mark.slow
    def test_a_killed_training_goes_on_bit_for_bit(self, tmp_path):
        images, settings_ = (
            [photograph("camera")],
            {**TINY, "iterations": 12, "measure_every": 5, "n_tiles": 50},
        )
        whole, rows = fitted(VAE, images, **settings_)

        class Killed(Checkpoint):
            def save(self, state):
                super().save(state)
                self.calls = getattr(self, "calls", 0) + 1
                if self.calls == 7:
                    raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            list(
                VAE(**settings_).fit(
                    images, Context.seeded(0, checkpoint=Killed(tmp_path / "c", "k", every=0))
                )
            )
        again = VAE(**settings_)
        rows_again = list(
            again.fit(
                images, Context.seeded(0, checkpoint=Checkpoint(tmp_path / "c", "k", every=0))
            )
        )
        for one, other in zip(rows, rows_again, strict=True):
            assert {**one, "seconds": 0} == {**other, "seconds": 0}
        for name, value in whole.state_dict().items():
            assert torch.equal(value, again.state_dict()[name]), name

    def test_a_collapsed_code_has_no_active_units(self):
        prior = VAE(**TINY)
        net = prior.build()
        with torch.no_grad():
            net.to_code.weight.zero_()
        bound = elbo.Bound(net, prior.dct, prior.parameters)
        with torch.no_grad():
            assert bound.measure([torch.rand(8, 16, 16)])["active_units"] == 0

    def test_free_bits_cost_nothing(self):
        prior = VAE(**TINY)
        net, tiles = prior.build(), torch.rand(8, 16, 16)
        losses = []
        for free in (0.0, 1e3):
            bound = elbo.Bound(
                net, prior.dct, prior.parameters.model_copy(update={"free_bits": free})
            )
            loss, _ = bound.loss(tiles, 1.0, torch.Generator().manual_seed(0))
            losses.append(torch.autograd.grad(loss, net.to_code.weight)[0])
        # With so many free nats only the reconstruction pulls at the code.
        without = elbo.Bound(net, prior.dct, prior.parameters.model_copy(update={"beta": 0.0}))
        loss, _ = without.loss(tiles, 1.0, torch.Generator().manual_seed(0))
        torch.testing.assert_close(losses[1], torch.autograd.grad(loss, net.to_code.weight)[0])
        assert not torch.allclose(losses[0], losses[1])

    def test_images_smaller_than_a_tile(self):
        with pytest.raises(ValueError, match=r"16 × 16.*8 × 9"):
            list(VAE(**TINY).fit([torch.rand(1, 1, 8, 9)], Context.seeded(0)))


class TestModel:
    def test_round_trip(self, tiny, tmp_path):
        prior, _ = tiny
        prior.save(tmp_path / "model.safetensors")
        other = VAE(**TINY)
        before = torch.random.get_rng_state()
        other.load(tmp_path / "model.safetensors")
        assert torch.equal(torch.random.get_rng_state(), before)
        tiles = torch.rand(3, 16, 16)
        assert torch.equal(prior.estimate(tiles, 0.01), other.estimate(tiles, 0.01))

    def test_of_another_configuration(self, tiny, tmp_path):
        prior, _ = tiny
        prior.save(tmp_path / "model.safetensors")
        with pytest.raises(ValueError, match="does not fit this prior"):
            VAE(**{**TINY, "width": 16}).load(tmp_path / "model.safetensors")

    def test_cut_off(self, tiny, tmp_path):
        prior, _ = tiny
        prior.save(tmp_path / "model.safetensors")
        data = (tmp_path / "model.safetensors").read_bytes()
        (tmp_path / "model.safetensors").write_bytes(data[: len(data) // 2])
        with pytest.raises(ValueError, match="not a whole safetensors model"):
            VAE(**TINY).load(tmp_path / "model.safetensors")

    @pytest.mark.parametrize(("name", "value"), [("spectrum", -1.0), ("to_code.weight", math.nan)])
    def test_numbers_that_make_no_density(self, tiny, name, value):
        prior, _ = tiny
        state = {key: tensor.clone() for key, tensor in prior.state_dict().items()}
        state[name][:] = value
        with pytest.raises(ValueError, match=name):
            VAE(**TINY).load_state_dict(state)

    def test_nothing_without_a_model(self):
        with pytest.raises(RuntimeError, match="no model yet"):
            VAE(**TINY).decode(torch.zeros(1, 16))

    @pytest.mark.parametrize(
        ("parameters", "message"),
        [
            ({"tile_size": 20}, "multiple of block 8"),
            ({"latent_size": 100}, "multiple of 16"),
            ({"stride": 33}, "at most the tile_size"),
            ({"mode": "guess"}, "mode"),
        ],
    )
    def test_parameters_out_of_range(self, parameters, message):
        with pytest.raises(ValidationError, match=message):
            VAE(**parameters)

    def test_steps_climb_the_posterior(self, tiny):
        prior, _ = tiny
        tiles = torch.stack(
            [photograph("coins")[0, 0, i : i + 16, i : i + 16] for i in range(0, 64, 8)]
        )
        u = prior.dct.coefficients(without_mean(tiles + 0.05 * torch.randn(tiles.shape)))
        variance = torch.full((len(u),), 0.0025)
        code = prior.network.encode(u, variance)

        def posterior(z):
            return float((prior.decoded(z).log_prob(u, variance) - 0.5 * z.square().sum(1)).sum())

        values = [posterior(prior._climb(code, u, variance, steps)) for steps in (0, 3, 10)]
        assert values == sorted(values)


class TestRestoration:
    @pytest.mark.parametrize("mode", ["project", "latent", "jpmap"])
    @pytest.mark.parametrize(
        "task",
        [Denoise(25), DenoisePoisson(30), Inpaint(50), Deblur("gaussian", 2.55), SuperResolve(2)],
        ids=lambda task: type(task).__name__,
    )
    def test_every_task(self, tiny, mode, task):
        prior, _ = tiny
        clean = task.fit(photograph("coins", 48))
        problem = task.corrupt(clean, torch.Generator().manual_seed(0))
        result = restore(as_mode(prior, mode=mode), problem, Context.seeded(0))
        assert result.image.shape == clean.shape
        assert result.image.isfinite().all()

    @settings(max_examples=10, deadline=None)
    @given(height=st.integers(1, 40), width=st.integers(1, 40), channels=st.sampled_from([1, 3]))
    def test_any_size(self, tiny, height, width, channels):
        prior, _ = tiny
        problem = Denoise(25).corrupt(
            torch.rand(1, channels, height, width), torch.Generator().manual_seed(0)
        )
        image = restore(prior, problem, Context.seeded(0)).image
        assert image.shape == (1, channels, height, width)
        assert image.isfinite().all()

    def test_joint_map_is_above_projection_and_projection_above_noise(self, tiny):
        prior, _ = tiny
        clean = photograph("coins")
        problem = Denoise(50).corrupt(clean, torch.Generator().manual_seed(0))
        project, joint = (
            psnr(restore(as_mode(prior, mode=mode), problem, Context.seeded(0)).image, clean)
            for mode in ("project", "jpmap")
        )
        assert psnr(problem.y, clean) < project < joint

    def test_the_same_seed_gives_the_same_image(self, tiny):
        prior, _ = tiny
        problem = Denoise(25).corrupt(photograph("coins"), torch.Generator().manual_seed(0))
        one, other = (restore(prior, problem, Context.seeded(3)).image for _ in range(2))
        assert torch.equal(one, other)
