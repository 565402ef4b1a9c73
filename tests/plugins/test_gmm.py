import importlib
import math
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from skimage import data
from torch.distributions import MultivariateNormal

from priorbench.data.tensors import to_tensor
from priorbench.patches import draw_patches
from priorbench.plugins import load_plugins
from priorbench.priors import Context
from priorbench.records import MetricSpec
from priorbench.results import Catalogue, Results
from priorbench.solvers import restore
from priorbench.tasks import Denoise

REGISTRY = load_plugins([Path(__file__).parents[2] / "plugins"])
GMM = REGISTRY.priors["gmm"].load()
PACKAGE = GMM.__module__.rpartition(".")[0]
em, mixture, quadratic, start, mstep, model = (
    importlib.import_module(f"{PACKAGE}.{name}") for name in ("em", "mixture", "quadratic", "start", "mstep", "model")
)


def random_mixture(components: int, dimension: int, seed: int = 0):
    generator = torch.Generator().manual_seed(seed)
    factors = torch.randn(components, dimension, dimension, generator=generator, dtype=torch.float64)
    factors *= torch.logspace(-2, 0, components, dtype=torch.float64)[:, None, None]
    weights = torch.rand(components, generator=generator, dtype=torch.float64) + 0.1
    floor = 1e-4 * torch.eye(dimension, dtype=torch.float64)
    return mixture.Mixture(weights / weights.sum(), factors @ factors.mT / dimension + floor)


def fitted(images, seed: int = 0, **parameters):
    prior = GMM(**parameters)
    return prior, list(prior.fit(images, Context.seeded(seed)))


@pytest.fixture(scope="module")
def natural():
    return [to_tensor(image.astype(np.float32)[::2, ::2] / 255) for image in (data.brick(), data.grass(), data.coins())]


@pytest.fixture(scope="module")
def trained(natural):
    return fitted(natural, n_components=12, n_patches=6000, iterations=6)


@pytest.fixture(scope="module")
def natural_patches(natural):
    return draw_patches(natural, 8, 3000, 0.1, torch.Generator().manual_seed(9))[0][:]


class TestPackedProducts:
    @given(st.integers(1, 9), st.integers(1, 4), st.integers(1, 40), st.integers(1, 300))
    def test_forms_and_moments_equal_their_definitions(self, dimension, components, count, elements):
        generator = torch.Generator().manual_seed(dimension + 10 * count)
        a = torch.randn(components, dimension, dimension, generator=generator, dtype=torch.float64)
        a = a + a.mT
        v = torch.randn(dimension, count, generator=generator, dtype=torch.float64)
        weights = torch.rand(components, count, generator=generator, dtype=torch.float64)
        forms = torch.empty(components, count, dtype=torch.float64)
        moments = torch.zeros(components, quadratic.packed_size(dimension), dtype=torch.float64)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(quadratic, "FEATURES_IN_A_BLOCK", elements)
            for block, features in quadratic.feature_blocks(v):
                forms[:, block] = quadratic.pack(a) @ features
                moments += weights[:, block] @ features.mT
        torch.testing.assert_close(forms, torch.einsum("in,kij,jn->kn", v, a, v))
        torch.testing.assert_close(quadratic.unpack(moments), torch.einsum("kn,in,jn->kij", weights, v, v))

    def test_whitening_keeps_the_scores(self):
        original = random_mixture(3, 5)
        white, map_ = original.whiten()
        total = torch.einsum("k,kij->ij", white.weights, white.covariances)
        torch.testing.assert_close(total, torch.eye(5, dtype=torch.float64))
        u = torch.randn(5, 20, dtype=torch.float64)
        ((_, _, plain),) = mixture.Scores(original, torch.float64)(u)
        ((_, _, whitened),) = mixture.Scores(white, torch.float64)(map_.mT @ u)
        torch.testing.assert_close(whitened + torch.linalg.slogdet(map_).logabsdet, plain)


class TestDensity:
    def reference(self, prior, x, noise_variance):
        """log πₖ + log N(u; 0, Σₖ + sI), N × K, from the saved covariances of pixels and another basis."""
        size = x.shape[1]
        basis = torch.linalg.svd(torch.ones(1, size, dtype=torch.float64)).Vh[1:].mT
        state = prior.state_dict()
        noise = noise_variance * torch.eye(size - 1, dtype=torch.float64)
        return torch.stack(
            [
                weight.log()
                + MultivariateNormal(torch.zeros(size - 1).double(), basis.mT @ c @ basis + noise).log_prob(x @ basis)
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
    def test_map_estimate_is_wiener_in_the_likeliest_component(self, trained, natural_patches, noise_variance):
        prior, _ = trained
        x = natural_patches[:300].double()
        x = x + noise_variance**0.5 * torch.randn(x.shape, generator=torch.Generator().manual_seed(1)).double()
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
        torch.testing.assert_close(estimate, natural_patches.mean(1, keepdim=True).expand_as(estimate))

    @pytest.mark.parametrize("noise_variance", [-1e-3, math.nan, math.inf])
    def test_an_impossible_noise_variance_is_refused(self, trained, natural_patches, noise_variance):
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
        monkeypatch.setattr(model, "PATCHES_IN_A_CHUNK", 700)
        monkeypatch.setattr(quadratic, "FEATURES_IN_A_BLOCK", 2016 * 100)
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


class TestEM:
    def test_one_pass_equals_the_definition(self):
        density = random_mixture(4, 6)
        v = torch.randn(6, 50, dtype=torch.float64) * 0.3
        normals = MultivariateNormal(torch.zeros(6).double(), density.covariances)
        joint = density.weights.log() + normals.log_prob(v.mT[:, None])
        posterior = joint.softmax(1)
        moments, likelihood = em.expectation(density, v)
        assert likelihood == pytest.approx(float(joint.logsumexp(1).mean()))
        torch.testing.assert_close(moments.counts, posterior.sum(0))
        torch.testing.assert_close(moments.second, torch.einsum("nk,in,jn->kij", posterior, v, v))
        assert em.log_likelihood(density, v) == pytest.approx(likelihood)

    @given(st.integers(0, 50))
    def test_the_training_likelihood_never_falls_without_shrinkage(self, seed):
        generator = torch.Generator().manual_seed(seed)
        v = torch.randn(5, 400, generator=generator, dtype=torch.float64)
        v *= torch.rand(400, generator=generator, dtype=torch.float64)
        v[4] = 0
        labels = start.random_labels(v, 3, generator)
        maximise = mstep.Maximise(torch.ones(5, dtype=torch.float64), floor=1e-3, shrinkage=0.0)
        steps = list(em.em(v, v, em.assigned(labels, 3, v), maximise, 8))
        assert all(b.train >= a.train - 1e-9 for a, b in pairwise(steps) if not b.reseeded)

    def test_eigenvalues_stay_above_the_floor_in_pixels(self):
        flat = [torch.full((1, 1, 20, 20), 0.5), torch.rand(1, 1, 20, 20, generator=torch.Generator().manual_seed(0))]
        prior, rows = fitted(flat, n_components=2, n_patches=200, iterations=3, floor=1e-5)
        assert torch.linalg.eigvalsh(prior.mixture.covariances).min() >= 1e-5 * (1 - 1e-6)
        assert all(math.isfinite(value) for row in rows for value in row.values())

    def test_it_finds_the_mixture_that_the_data_came_from(self):
        truth = random_mixture(2, 4, seed=3)
        generator = torch.Generator().manual_seed(0)
        factors = torch.linalg.cholesky(truth.covariances)
        labels = torch.multinomial(truth.weights, 8000, replacement=True, generator=generator)
        u = factors[labels] @ torch.randn(8000, 4, 1, generator=generator, dtype=torch.float64)
        train, held_out = u[:4000, :, 0].mT.contiguous(), u[4000:, :, 0].mT.contiguous()
        maximise = mstep.Maximise(torch.ones(4, dtype=torch.float64), floor=1e-6, shrinkage=0.0)
        first = em.assigned(start.plus_plus_labels(train, 2, generator, 1e-6), 2, train)
        *_, last = em.em(train, held_out, first, maximise, 60)
        assert last.held_out == pytest.approx(em.log_likelihood(truth, held_out), abs=0.02)
        assert sorted(last.mixture.weights.tolist()) == pytest.approx(sorted(truth.weights.tolist()), abs=0.05)

    def test_an_empty_component_gets_half_of_the_heaviest(self):
        counts = torch.tensor([90.0, 0.0, 10.0]).double()
        second = torch.eye(3).double() * counts[:, None, None]
        moments, reseeded = em.split_heaviest(em.Moments(counts, second))
        assert reseeded == 1
        assert moments.counts.tolist() == [45, 45, 10]
        variances = (moments.second / moments.counts[:, None, None]).diagonal(dim1=1, dim2=2).mean(1)
        assert variances.tolist() == [0.5, 2, 1]
        assert counts.tolist() == [90, 0, 10]

    def test_several_empty_components_are_all_reseeded(self):
        counts = torch.tensor([0.0, 100.0, 0.2, 0.0, 5.0]).double()
        moments, reseeded = em.split_heaviest(em.Moments(counts, torch.eye(3).double() * counts[:, None, None]))
        assert reseeded == 3
        assert (moments.counts >= em.EMPTY).all()

    def test_shrinkage_makes_a_small_component_look_like_the_average(self):
        second = torch.zeros(1, 3, 3).double()
        second[0, 0, 0] = 6.0
        moments = em.Moments(torch.tensor([2.0]).double(), second)
        scale = torch.tensor([1.0, 2.0, 3.0]).double()
        covariance = mstep.Maximise(scale, 1e-9, shrinkage=1e9)(moments).covariances[0]
        torch.testing.assert_close(covariance, torch.eye(3).double())

    @pytest.mark.parametrize("components", [1, 7])
    def test_a_start_uses_every_component_and_no_sign(self, components):
        generator = torch.Generator().manual_seed(0)
        v = torch.randn(6, 300, generator=generator)
        both = torch.cat([v, -v], dim=1)
        labels = start.plus_plus_labels(both, components, generator, 1e-3)
        assert torch.equal(labels[:300], labels[300:])
        assert set(labels.tolist()) == set(range(components))
        assert set(start.random_labels(v, components, generator).tolist()) == set(range(components))

    def test_equal_vectors_can_start(self):
        labels = start.plus_plus_labels(torch.zeros(6, 30), 3, torch.Generator().manual_seed(0), 1e-3)
        assert labels.shape == (30,)


class TestFit:
    def test_rows_tell_the_training(self, trained):
        _, rows = trained
        assert [row["iteration"] for row in rows] == list(range(len(rows)))
        assert set(rows[0]) == {
            *("iteration", "train_log_likelihood", "held_out_log_likelihood", "seconds", "reseeded"),
        }
        assert rows[-1]["train_log_likelihood"] > rows[0]["train_log_likelihood"]

    @pytest.mark.parametrize("options", [{"start": "random"}, {"start": "kmeans++"}, {"shrinkage": 0.0}])
    def test_the_best_on_held_out_patches_is_kept(self, natural, options):
        prior, rows = fitted(natural, seed=4, n_components=5, n_patches=1000, iterations=8, patience=2, **options)
        _, held_out = draw_patches(natural, 8, 1000, 0.1, Context.seeded(4).generator)
        best = max(row["held_out_log_likelihood"] for row in rows)
        assert float(prior.log_prob(held_out[:]).double().mean()) == pytest.approx(best, abs=1e-2)

    def test_it_stops_without_progress(self, natural):
        _, rows = fitted(natural, n_components=3, n_patches=500, iterations=30, patience=2, tolerance=1e6)
        assert len(rows) == 3

    def test_a_seed_gives_one_model(self, natural):
        options = {"n_components": 4, "n_patches": 800, "iterations": 2}
        first, again, other = (fitted(natural, seed, **options)[0].state_dict() for seed in (1, 1, 2))
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

    @pytest.mark.parametrize("bad", [{"components": 3}, {"n_components": 0}, {"start": "warm"}, {"held_out": 0}])
    def test_bad_parameters_are_refused(self, bad):
        with pytest.raises(ValueError, match=next(iter(bad))):
            GMM(**bad)


class TestModelFile:
    def test_a_saved_model_restores_the_same(self, trained, natural_patches, tmp_path):
        prior, _ = trained
        prior.save(tmp_path / "model.safetensors")
        again = GMM(n_components=12)
        again.load(tmp_path / "model.safetensors")
        torch.testing.assert_close(again.map_estimate(natural_patches, 1e-2), prior.map_estimate(natural_patches, 1e-2))

    def test_a_model_of_other_parameters_is_refused(self, trained, tmp_path):
        trained[0].save(tmp_path / "model.safetensors")
        with pytest.raises(ValueError, match=r"does not fit this prior: weights has shape \(12,\).*\(13,\)"):
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


def test_denoising_with_a_trained_mixture_improves_the_image(trained):
    clean = to_tensor(data.camera().astype(np.float32)[100:164, 200:264] / 255)
    problem = Denoise(sigma=25).corrupt(clean, torch.Generator().manual_seed(0))
    restored = restore(trained[0], problem, Context.seeded(0)).image
    assert (restored - clean).square().mean() < (problem.y - clean).square().mean() / 4


class TestStudy:
    def results(self, fail: bool = False) -> Results:
        priors = {"gmm-K1": 1, "gmm-K10": 10, "gmm-K200": 200}
        rows = [
            ("e", "set", image, task, prior, metric, 30 + math.log10(k) + shift, "ok", "", "measured", "")
            for prior, k in priors.items()
            for task in ("denoise-25", "inpaint-50")
            for metric in ("psnr", "ssim")
            for image, shift in (("a", 0.0), ("b", 2.0))
        ] + [("e", "set", "a", "denoise-25", "observed", "psnr", 20.0, "ok", "", "measured", "")]
        columns = ["experiment", "dataset", "image", "task", "prior", "metric", "value", "status", "reason", "source"]
        scores = pd.DataFrame(rows, columns=[*columns, "note"])
        if fail:
            failed = (scores["prior"] == "gmm-K10") & (scores["image"] == "b") & (scores["task"] == "denoise-25")
            scores.loc[failed, ["value", "status"]] = [math.nan, "failed"]
        curve = pd.DataFrame({"iteration": [0, 1, 2], "held_out_log_likelihood": [100.0, 150.0, 149.0]})
        return Results(
            scores=scores,
            runs=pd.DataFrame(),
            training={prior: curve.assign(held_out_log_likelihood=lambda c: c.iloc[:, 1] + 1) for prior in priors},
            parameters={"observed": {}, **{prior: {"n_components": k} for prior, k in priors.items()}},
            catalogue=Catalogue(
                priors={"observed": "observed", **{prior: prior for prior in priors}},
                tasks={"denoise-25": "denoise σ=25", "inpaint-50": "inpaint 50%"},
                datasets=("set",),
                metrics={"psnr": MetricSpec(name="psnr", factory=".m:f", summary="", unit="dB")},
            ),
        )

    def test_the_table_has_a_row_for_each_mixture(self):
        table, _ = REGISTRY.studies["gmm-sweep"].load()(self.results())
        assert table["n_components"].tolist() == [1, 10, 200]
        assert table["held_out_log_likelihood"].tolist() == [151.0] * 3
        expected = [31 + math.log10(k) for k in (1, 10, 200)]
        assert table["psnr_db set denoise-25"].tolist() == pytest.approx(expected)

    def test_means_are_over_the_images_that_all_restored(self):
        table, _ = REGISTRY.studies["gmm-sweep"].load()(self.results(fail=True))
        assert table["psnr_db set denoise-25"].tolist() == pytest.approx([30 + math.log10(k) for k in (1, 10, 200)])
        assert table["psnr_db set inpaint-50"].tolist() == pytest.approx([31 + math.log10(k) for k in (1, 10, 200)])

    def test_the_figure_shows_every_number_against_k(self):
        table, figure = REGISTRY.studies["gmm-sweep"].load()(self.results())
        panels = [axes for axes in figure.axes if axes.get_visible()]
        assert len(panels) == 3
        for axes, column in zip(panels, table.columns[2:], strict=True):
            assert axes.get_xscale() == "log"
            (line,) = axes.lines
            assert line.get_xdata().tolist() == [1, 10, 200]
            assert line.get_ydata().tolist() == table[column].tolist()
