import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from skimage import data
from torch.distributions import MultivariateNormal

from plugins.gmm import adaptation, mixture, posterior, quadratic
from priorbench.data.tensors import to_tensor
from priorbench.numerics.patches import draw_patches
from priorbench.priors import Context
from priorbench.solvers import restore
from priorbench.store.checkpoints import Checkpoint
from priorbench.tasks import Denoise
from tests.plugins.mixtures import GMM, fitted, random_mixture


@pytest.fixture(scope="module")
def natural():
    return [
        to_tensor(image.astype(np.float32)[::2, ::2] / 255)
        for image in (data.brick(), data.grass(), data.coins())
    ]


@pytest.fixture(scope="module")
def trained(natural):
    return fitted(natural, n_components=12, n_patches=6000, iterations=6)


@pytest.fixture(scope="module")
def natural_patches(natural):
    return draw_patches(natural, 8, 3000, 0.1, torch.Generator().manual_seed(9))[0][:]


class TestPackedProducts:
    @given(st.integers(1, 9), st.integers(1, 4), st.integers(1, 40), st.integers(1, 300))
    def test_forms_equal_their_definition(self, dimension, components, count, elements):
        generator = torch.Generator().manual_seed(dimension + 10 * count)
        a = torch.randn(components, dimension, dimension, generator=generator, dtype=torch.float64)
        a = a + a.mT
        v = torch.randn(dimension, count, generator=generator, dtype=torch.float64)
        forms = torch.empty(components, count, dtype=torch.float64)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(quadratic, "BYTES_IN_A_BLOCK", 8 * elements)
            for block, features in quadratic.feature_blocks(v):
                forms[:, block] = quadratic.pack(a) @ features
        torch.testing.assert_close(forms, torch.einsum("in,kij,jn->kn", v, a, v))
        torch.testing.assert_close(quadratic.unpack(quadratic.triangle(a)), a)


class TestDensity:
    def reference(self, prior, x, noise_variance):
        """log πₖ + log N(u; 0, Σₖ + sI), N × K, from the saved covariances of pixels."""
        size = x.shape[1]
        basis = torch.linalg.svd(torch.ones(1, size, dtype=torch.float64)).Vh[1:].mT
        state = prior.state_dict()
        noise = noise_variance * torch.eye(size - 1, dtype=torch.float64)
        return torch.stack(
            [
                weight.log()
                + MultivariateNormal(
                    torch.zeros(size - 1).double(), basis.mT @ c @ basis + noise
                ).log_prob(x @ basis)
                for weight, c in zip(state["weights"], state["covariances"], strict=True)
            ],
            dim=1,
        )

    def test_log_prob_is_the_density_of_the_patch_without_its_mean(self, trained, natural_patches):
        prior, _ = trained
        x = natural_patches[:300].double()
        expected = self.reference(prior, x, 0.0).logsumexp(1)
        torch.testing.assert_close(prior.log_prob(x), expected)
        torch.testing.assert_close(prior.log_prob(x + 0.3), expected)

    @pytest.mark.parametrize("noise_variance", [1e-4, 1e-2, 1.0])
    def test_map_estimate_is_wiener_in_the_likeliest_component(
        self, trained, natural_patches, noise_variance
    ):
        prior, _ = trained
        x = natural_patches[:300].double()
        x = (
            x
            + noise_variance**0.5
            * torch.randn(x.shape, generator=torch.Generator().manual_seed(1)).double()
        )
        covariances = prior.state_dict()["covariances"]
        labels = self.reference(prior, x, noise_variance).argmax(1)
        assert len(labels.unique()) > 1 or noise_variance == 1.0
        expected = torch.empty_like(x)
        for i, (patch, label) in enumerate(zip(x, labels, strict=True)):
            mean = patch.mean()
            noisy = covariances[label] + noise_variance * torch.eye(64, dtype=torch.float64)
            expected[i] = mean + covariances[label] @ torch.linalg.solve(noisy, patch - mean)
        assert torch.equal(prior.select(x, noise_variance), labels)
        torch.testing.assert_close(prior.map_estimate(x, noise_variance), expected)

    def test_without_noise_a_patch_is_its_own_estimate(self, trained, natural_patches):
        torch.testing.assert_close(trained[0].map_estimate(natural_patches, 0.0), natural_patches)

    def test_drowned_in_noise_only_the_mean_is_left(self, trained, natural_patches):
        estimate = trained[0].map_estimate(natural_patches, 1e6)
        torch.testing.assert_close(
            estimate, natural_patches.mean(1, keepdim=True).expand_as(estimate)
        )

    @pytest.mark.parametrize("noise_variance", [-1e-3, math.nan, math.inf])
    def test_an_impossible_noise_variance_is_refused(
        self, trained, natural_patches, noise_variance
    ):
        with pytest.raises(ValueError, match="noise_variance"):
            trained[0].map_estimate(natural_patches, noise_variance)

    @pytest.mark.parametrize("noise_variance", [1e-4, 3e-4, 1e-2])
    def test_float32_selects_as_float64(self, trained, natural_patches, noise_variance):
        prior, _ = trained
        noise = torch.randn(natural_patches.shape, generator=torch.Generator().manual_seed(2))
        x = natural_patches + noise_variance**0.5 * noise
        same = prior.select(x, noise_variance) == prior.select(x.double(), noise_variance)
        assert same.double().mean() >= 0.999

    def test_float32_likelihood_is_that_of_float64(self, trained, natural_patches):
        prior, _ = trained
        single, double = prior.log_prob(natural_patches), prior.log_prob(natural_patches.double())
        assert abs(single.double().mean() - double.mean()) < 1e-3

    def test_chunks_do_not_change_the_result(self, trained, natural_patches, monkeypatch):
        prior, _ = trained
        whole = [prior.map_estimate(natural_patches, 1e-2), prior.log_prob(natural_patches)]
        monkeypatch.setattr(posterior, "PATCHES_IN_A_CHUNK", 700)
        monkeypatch.setattr(quadratic, "BYTES_IN_A_BLOCK", 4 * 2016 * 100)
        parts = [prior.map_estimate(natural_patches, 1e-2), prior.log_prob(natural_patches)]
        torch.testing.assert_close(parts, whole, rtol=1e-4, atol=1e-4)

    def test_no_patches_give_no_estimates(self, trained):
        none = torch.empty(0, 64)
        assert trained[0].map_estimate(none, 0.01).shape == (0, 64)
        assert trained[0].log_prob(none).shape == (0,)

    def test_another_noise_level_is_not_answered_from_the_last(self, trained, natural_patches):
        prior, _ = trained
        first = prior.map_estimate(natural_patches, 1e-3)
        other = prior.map_estimate(natural_patches, 1e-1)
        assert not torch.allclose(first, other)
        assert torch.equal(prior.map_estimate(natural_patches, 1e-3), first)

    def test_samples_have_the_moments_and_the_likelihood_of_the_density(self, trained):
        prior, _ = trained
        drawn = prior.sample(20_000, torch.Generator().manual_seed(0)).double()
        torch.testing.assert_close(drawn.mean(1), torch.zeros(20_000).double(), atol=1e-6, rtol=0)
        state = prior.state_dict()
        expected = torch.einsum("k,kij->ij", state["weights"], state["covariances"])
        error = (drawn.mT @ drawn / len(drawn) - expected).norm() / expected.norm()
        assert error < 0.1
        # E[log p] under p is the entropy; samples of another density have less on average.
        own = prior.log_prob(drawn)
        other = prior.log_prob(1.3 * drawn)
        assert float((own - other).mean()) > 1


class TestFast:
    def test_it_tells_components_apart_by_the_strongest_axes_only(self, trained, natural_patches):
        exact, _ = trained
        fast = GMM(n_components=12, mode="fast", axes=20)
        fast.load_state_dict(exact.state_dict())
        x = natural_patches.double() + 0.05 * torch.randn(natural_patches.shape).double()
        selected = fast.select(x, 0.05**2)
        axes = fast._spectra.axes[:, :20]
        covariances = exact.state_dict()["covariances"] + 0.05**2 * torch.eye(64).double()
        normals = MultivariateNormal(torch.zeros(20).double(), axes.mT @ covariances @ axes)
        joint = exact.mixture.weights.log() + normals.log_prob((x @ axes)[:, None])
        assert torch.equal(selected, joint.argmax(1))
        assert 0.5 < float((selected == exact.select(x, 0.05**2)).double().mean()) < 1

    def test_with_all_axes_and_every_patch_it_is_exact(self, trained, natural_patches):
        exact, _ = trained
        fast = GMM(n_components=12, mode="fast", axes=63, stride=1)
        fast.load_state_dict(exact.state_dict())
        assert fast.stride == 1
        assert torch.equal(
            fast.map_estimate(natural_patches, 1e-2), exact.map_estimate(natural_patches, 1e-2)
        )

    def test_it_restores_nearly_as_well_from_a_part_of_the_patches(self, trained):
        exact, _ = trained
        fast = GMM(n_components=12, mode="fast")
        fast.load_state_dict(exact.state_dict())
        assert fast.stride == 4
        clean = to_tensor(data.camera()[100:228, 150:278].astype(np.float32) / 255)
        problem = Denoise(sigma=25).corrupt(clean, torch.Generator().manual_seed(0))
        psnr = [
            -10
            * float(
                (restore(prior, problem, Context.seeded(0)).image - clean).square().mean().log10()
            )
            for prior in (exact, fast)
        ]
        gain = psnr[0] + 10 * float((problem.y - clean).square().mean().log10())
        assert psnr[0] - 0.05 * gain < psnr[1] < psnr[0]

    def test_the_likelihood_stays_exact(self, trained, natural_patches):
        exact, _ = trained
        fast = GMM(n_components=12, mode="fast", axes=5)
        fast.load_state_dict(exact.state_dict())
        assert torch.equal(fast.log_prob(natural_patches), exact.log_prob(natural_patches))

    def test_a_stride_that_leaves_pixels_out_is_refused(self):
        with pytest.raises(ValueError, match=r"stride 9 leaves pixels out.*8"):
            GMM(mode="fast", stride=9)


class TestAdaptation:
    @pytest.mark.slow
    def test_it_learns_the_covariance_behind_the_noise(self):
        strong = random_mixture(2, 6, seed=4).covariances[1:]
        truth = mixture.Mixture(torch.ones(1, dtype=torch.float64), strong)
        y = truth.sample(60_000, torch.Generator().manual_seed(0))
        y = y + 0.3 * torch.randn(
            y.shape, generator=torch.Generator().manual_seed(1), dtype=torch.float64
        )
        wrong = mixture.Mixture(truth.weights, 2 * torch.eye(6, dtype=torch.float64)[None])
        adapted = adaptation.adapt(wrong, y, 0.09, 60)
        error = (adapted.covariances - truth.covariances).norm() / truth.covariances.norm()
        assert error < 0.1

    def test_few_patches_leave_what_was_learned(self):
        prior = random_mixture(3, 5)
        adapted = adaptation.adapt(prior, torch.randn(4, 5, dtype=torch.float64), 0.1, 3)
        torch.testing.assert_close(adapted.covariances, prior.covariances, rtol=0, atol=0.05)
        torch.testing.assert_close(adapted.weights, prior.weights, rtol=0, atol=0.01)

    @pytest.mark.slow
    def test_it_helps_on_a_texture_that_it_never_saw(self, trained):
        plain, _ = trained
        rows, columns = torch.meshgrid(torch.arange(96.0), torch.arange(96.0), indexing="ij")
        clean = (0.5 + 0.3 * torch.sin(2.1 * rows) * torch.sin(0.9 * columns))[None, None]
        problem = Denoise(sigma=50).corrupt(clean, torch.Generator().manual_seed(0))
        adaptive = GMM(n_components=12, adapt=5)
        adaptive.load_state_dict(plain.state_dict())
        error = [
            float((restore(prior, problem, Context.seeded(0)).image - clean).square().mean())
            for prior in (plain, adaptive)
        ]
        assert error[1] < 0.8 * error[0]


class TestFit:
    def test_rows_tell_the_training(self, trained):
        _, rows = trained
        assert [row["iteration"] for row in rows] == list(range(1, len(rows) + 1))
        assert set(rows[0]) == {
            *(
                "iteration",
                "train_log_likelihood",
                "held_out_log_likelihood",
                "seconds",
                "reseeded",
            ),
        }
        assert rows[-1]["train_log_likelihood"] > rows[0]["train_log_likelihood"]

    @pytest.mark.parametrize(
        "options",
        [
            {"start": "random"},
            {"start": "kmeans++"},
            {"start": "split"},
            {"shrinkage": 0.0},
            {"restarts": 2},
        ],
    )
    def test_the_best_on_held_out_patches_is_kept(self, natural, options):
        prior, rows = fitted(
            natural, seed=4, n_components=5, n_patches=1000, iterations=8, patience=2, **options
        )
        _, held_out = draw_patches(natural, 8, 1000, 0.1, Context.seeded(4).generator)
        best = max(row["held_out_log_likelihood"] for row in rows)
        assert float(prior.log_prob(held_out[:]).double().mean()) == pytest.approx(best, abs=1e-2)

    def test_it_stops_without_progress(self, natural):
        _, rows = fitted(
            natural, n_components=3, n_patches=500, iterations=30, patience=2, tolerance=1e6
        )
        assert len(rows) == 3

    def test_a_seed_gives_one_model(self, natural):
        options = {"n_components": 4, "n_patches": 800, "iterations": 2, "batch": 300}
        first, again, other = (
            fitted(natural, seed, **options)[0].state_dict() for seed in (1, 1, 2)
        )
        assert torch.equal(first["covariances"], again["covariances"])
        assert not torch.equal(first["covariances"], other["covariances"])

    def test_colour_is_trained_on_as_gray(self):
        colour = torch.rand(1, 3, 40, 40, generator=torch.Generator().manual_seed(0))
        gray = (0.299 * colour[:, :1] + 0.587 * colour[:, 1:2] + 0.114 * colour[:, 2:]).contiguous()
        options = {"n_components": 2, "n_patches": 400, "iterations": 2}
        a, b = (fitted([image], **options)[0].state_dict() for image in (colour, gray))
        torch.testing.assert_close(a["covariances"], b["covariances"], rtol=1e-3, atol=1e-6)

    def test_another_patch_size(self, natural):
        prior, _ = fitted(natural, n_components=3, n_patches=500, iterations=1, patch_size=5)
        assert prior.map_estimate(torch.rand(10, 25), 0.01).shape == (10, 25)

    @pytest.mark.slow
    def test_a_killed_training_goes_on_bit_for_bit(self, natural, tmp_path):
        options = {
            "n_components": 6,
            "n_patches": 2000,
            "batch": 700,
            "iterations": 5,
            "start": "split",
        }
        whole, rows = fitted(natural, **options)
        path = tmp_path / "checkpoint"
        killed = GMM(**options).fit(
            natural, Context.seeded(0, checkpoint=Checkpoint(path, every=0))
        )
        assert [next(killed)["iteration"] for _ in range(3)] == [1, 2, 3]
        killed.close()
        resumed = GMM(**options)
        again = list(resumed.fit(natural, Context.seeded(0, checkpoint=Checkpoint(path, every=0))))

        def without_time(row):
            return {name: value for name, value in row.items() if name != "seconds"}

        assert [without_time(row) for row in again] == [without_time(row) for row in rows]
        assert all(
            torch.equal(resumed.state_dict()[name], value)
            for name, value in whole.state_dict().items()
        )

    @pytest.mark.slow
    def test_scaled_covariances_are_one_shape_and_likelier_than_one_gaussian(self, natural):
        prior, rows = fitted(
            natural, n_components=4, n_patches=2000, covariances="scaled", floor=1e-12
        )
        covariances = prior.mixture.covariances
        contrast = covariances.diagonal(dim1=1, dim2=2).sum(1)
        assert float(contrast.max() / contrast.min()) > 4
        shapes = covariances / contrast[:, None, None]
        torch.testing.assert_close(shapes, shapes[:1].expand_as(shapes), rtol=1e-4, atol=1e-7)
        _, gaussian = fitted(natural, n_components=1, n_patches=2000)
        assert rows[-1]["held_out_log_likelihood"] > gaussian[-1]["held_out_log_likelihood"] + 1

    def test_images_without_a_patch_are_refused(self):
        with pytest.raises(ValueError, match=r"8 × 8 patch.*7 × 20"):
            fitted([torch.rand(1, 1, 7, 20)])
        with pytest.raises(ValueError, match="none at all"):
            fitted([])

    def test_too_few_patches_are_refused(self):
        with pytest.raises(ValueError, match="too few for 100 components"):
            fitted([torch.rand(1, 1, 16, 16)], n_components=100)

    def test_two_channels_are_refused(self):
        with pytest.raises(ValueError, match="1 or 3 channels, not 2"):
            fitted([torch.rand(1, 2, 16, 16)])

    @pytest.mark.parametrize(
        "bad", [{"components": 3}, {"n_components": 0}, {"start": "warm"}, {"held_out": 0}]
    )
    def test_bad_parameters_are_refused(self, bad):
        with pytest.raises(ValueError, match=next(iter(bad))):
            GMM(**bad)


class TestModelFile:
    def test_a_saved_model_restores_the_same(self, trained, natural_patches, tmp_path):
        prior, _ = trained
        prior.save(tmp_path / "model.safetensors")
        again = GMM(n_components=12)
        again.load(tmp_path / "model.safetensors")
        torch.testing.assert_close(
            again.map_estimate(natural_patches, 1e-2), prior.map_estimate(natural_patches, 1e-2)
        )

    def test_a_model_of_other_parameters_is_refused(self, trained, tmp_path):
        trained[0].save(tmp_path / "model.safetensors")
        with pytest.raises(
            ValueError, match=r"does not fit this prior: weights has shape \(12,\).*\(13,\)"
        ):
            GMM(n_components=13).load(tmp_path / "model.safetensors")

    @pytest.mark.parametrize(
        ("change", "message"),
        [
            (lambda state: state.pop("weights"), "weights is missing"),
            (lambda state: state["weights"].mul_(-1), "positive and sum to 1"),
            (lambda state: state["weights"].mul_(2), "positive and sum to 1"),
            (lambda state: state["covariances"].mul_(-1), "positive definite"),
            (lambda state: state["covariances"].fill_(math.nan), "positive definite"),
        ],
    )
    def test_what_is_no_density_is_refused(self, trained, change, message):
        state = {key: value.clone() for key, value in trained[0].state_dict().items()}
        change(state)
        with pytest.raises(ValueError, match=message):
            GMM(n_components=12).load_state_dict(state)

    def test_an_untrained_prior_says_so(self):
        with pytest.raises(RuntimeError, match="fit it, or load"):
            GMM().map_estimate(torch.rand(2, 64), 0.1)


@pytest.mark.parametrize("covariances", ["full", "scaled"])
def test_the_parameters_that_are_counted_are_the_free_ones(covariances):
    """The rank of the derivative of the density by a plain parametrisation."""
    components, side = 3, 2
    prior = GMM(n_components=components, patch_size=side, covariances=covariances)
    size = side**2 - 1
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(components, dtype=torch.float64, generator=generator)
    factors = torch.randn(components, size, size, dtype=torch.float64, generator=generator)
    scales = torch.rand(components, dtype=torch.float64, generator=generator) + 0.5

    def density(logits, factors, scales):
        if covariances == "full":
            covariance = factors @ factors.mT
        else:
            covariance = scales[:, None, None] * (factors[0] @ factors[0].mT)
        return torch.cat([logits.softmax(0), covariance.flatten()])

    jacobians = torch.autograd.functional.jacobian(density, (logits, factors, scales))
    derivative = torch.cat([part.flatten(1) for part in jacobians], dim=1)
    assert prior.n_parameters() == int(torch.linalg.matrix_rank(derivative, rtol=1e-9))


def test_denoising_with_a_trained_mixture_improves_the_image(trained):
    clean = to_tensor(data.camera().astype(np.float32)[100:164, 200:264] / 255)
    problem = Denoise(sigma=25).corrupt(clean, torch.Generator().manual_seed(0))
    restored = restore(trained[0], problem, Context.seeded(0)).image
    assert (restored - clean).square().mean() < (problem.y - clean).square().mean() / 4
