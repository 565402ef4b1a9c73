import math
import warnings
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch
from skimage import data
from torch.distributions import Categorical, MixtureSameFamily, MultivariateNormal, Normal

from plugins.independent import em, marginals, model, shrinkage, zero_sum
from priorbench.data.tensors import to_tensor
from priorbench.numerics.patches import draw_patches, mean_free_basis
from priorbench.plugins.manager import load_plugins
from priorbench.priors import Context
from priorbench.solvers import restore
from priorbench.tasks import Denoise

REGISTRY = load_plugins([Path(__file__).parents[2] / "plugins"])
NAMES = ("ind-pixel", "pca", "ica")
SIZE = 5
OPTIONS = {"patch_size": SIZE, "n_patches": 20_000, "scales": 6}


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def random_marginals(coordinates: int, scales: int = 3, seed: int = 0):
    weights = torch.rand(coordinates, scales, generator=seeded(seed), dtype=torch.float64) + 0.1
    spread = 0.5 + torch.rand(coordinates, scales, generator=seeded(seed + 1), dtype=torch.float64)
    variances = spread * torch.tensor([0.01, 0.1, 1.0, 4.0], dtype=torch.float64)[:scales]
    return marginals.Marginals(weights / weights.sum(1, keepdim=True), variances)


def torch_marginals(model):
    components = Normal(torch.zeros_like(model.variances), model.variances.sqrt())
    return MixtureSameFamily(Categorical(model.weights), components)


def random_prior(name: str, patch_size: int = 2, seed: int = 0, **parameters):
    """A prior with axes and marginals that nobody learned."""
    prior = REGISTRY.priors[name].load()(patch_size=patch_size, scales=3, **parameters)
    pixels = patch_size**2
    free = torch.randn(pixels - 1, pixels - 1, generator=seeded(seed), dtype=torch.float64)
    basis = mean_free_basis(pixels)
    axes = {
        "ind-pixel": torch.eye(pixels, dtype=torch.float64),
        "pca": torch.linalg.qr(free).Q @ basis.mT,
        "ica": torch.nn.functional.normalize((torch.eye(pixels - 1) + free / 3) @ basis.mT),
    }[name]
    density = random_marginals(len(axes), seed=seed)
    prior.load_state_dict(
        {"axes": axes, "weights": density.weights, "variances": density.variances}
    )
    return prior


def fitted(images, name: str, seed: int = 0, **parameters):
    prior = REGISTRY.priors[name].load()(**(OPTIONS | parameters))
    return prior, list(prior.fit(images, Context.seeded(seed)))


@pytest.fixture(scope="module")
def natural():
    images = (data.camera(), data.astronaut().mean(2), data.coffee().mean(2))
    return [to_tensor(image.astype(np.float32)[100:356, 100:356] / 255) for image in images]


@pytest.fixture(scope="module")
def trained(natural):
    return {name: fitted(natural, name) for name in NAMES}


@pytest.fixture(scope="module")
def natural_patches(natural):
    return draw_patches(natural, SIZE, 2000, 0.1, seeded(9))[0][:]


@pytest.fixture(params=NAMES)
def name(request):
    return request.param


class TestDensity:
    def test_it_integrates_to_one_over_patches_without_their_mean(self, name):
        prior = random_prior(name)
        # Importance weights under a wide Student density are bounded: its tails are heavier.
        wide = torch.distributions.StudentT(torch.tensor(3.0, dtype=torch.float64), scale=0.5)
        torch.manual_seed(0)
        u = wide.sample((400_000, 3))
        weights = (prior.log_prob(u @ mean_free_basis(4).mT) - wide.log_prob(u).sum(1)).exp()
        assert float(weights.mean()) == pytest.approx(1, abs=0.02)

    @pytest.mark.slow
    def test_a_grid_finds_the_constant_of_three_pixels(self):
        density = random_marginals(3)
        basis = mean_free_basis(3)
        line = torch.arange(-14, 14, 0.02, dtype=torch.float64)
        total = sum(
            float(
                torch_marginals(density)
                .log_prob(torch.stack([line, torch.full_like(line, v)], 1) @ basis.mT)
                .sum(1)
                .exp()
                .sum()
            )
            for v in line
        )
        assert math.log(total * 0.02**2) == pytest.approx(
            zero_sum.ZeroSum(density).log_density, abs=1e-6
        )

    def test_log_prob_of_orthonormal_and_of_oblique_axes(self):
        u = torch.randn(50, 3, generator=seeded(), dtype=torch.float64)
        basis = mean_free_basis(4)
        for name in ("pca", "ica"):
            prior = random_prior(name)
            state = prior.state_dict()
            square = state["axes"] @ basis
            direct = torch_marginals(
                marginals.Marginals(state["weights"], state["variances"])
            ).log_prob(u @ square.mT)
            expected = direct.sum(1) + torch.linalg.det(square).abs().log()
            torch.testing.assert_close(prior.log_prob(u @ basis.mT), expected)
        assert abs(torch.linalg.det(square).abs().log()) > 0.1

    def test_pixels_of_one_variance_are_a_gaussian_without_the_mean(self):
        prior = REGISTRY.priors["ind-pixel"].load()(patch_size=2, scales=1)
        ones = torch.ones(4, 1, dtype=torch.float64)
        prior.load_state_dict({"axes": torch.eye(4), "weights": ones, "variances": 0.3 * ones})
        u = torch.randn(9, 3, dtype=torch.float64)
        expected = Normal(0, 0.3**0.5).log_prob(u).sum(1)
        torch.testing.assert_close(prior.log_prob(u @ mean_free_basis(4).mT), expected)

    def test_the_mean_does_not_matter(self, name):
        prior = random_prior(name, patch_size=3)
        x = torch.randn(20, 9, generator=seeded(), dtype=torch.float64)
        torch.testing.assert_close(prior.log_prob(x + 3), prior.log_prob(x))
        torch.testing.assert_close(prior.map_estimate(x + 3, 0.1), prior.map_estimate(x, 0.1) + 3)

    @pytest.mark.slow
    def test_float32_is_near_float64(self, trained, natural_patches, name):
        prior, _ = trained[name]
        x = natural_patches + 0.1 * torch.randn(natural_patches.shape, generator=seeded(1))
        for each in (prior.log_prob, lambda x: prior.map_estimate(x, 0.01)):
            single, double = each(x), each(x.double())
            assert (single.dtype, double.dtype) == (torch.float32, torch.float64)
            assert (single - double).abs().mean() < 1e-4

    def test_chunks_do_not_change_the_result(self, trained, natural_patches, name, monkeypatch):
        prior, _ = trained[name]
        whole = [prior.map_estimate(natural_patches, 1e-2), prior.log_prob(natural_patches)]
        monkeypatch.setattr(model, "PATCHES_IN_A_CHUNK", 700)
        parts = [prior.map_estimate(natural_patches, 1e-2), prior.log_prob(natural_patches)]
        torch.testing.assert_close(parts, whole, rtol=1e-4, atol=1e-4)
        none = torch.empty(0, SIZE**2)
        assert prior.map_estimate(none, 0.01).shape == (0, SIZE**2)
        assert prior.log_prob(none).shape == (0,)


class TestSamples:
    @pytest.mark.slow
    def test_they_have_the_moments_of_the_density(self, name):
        prior = random_prior(name)
        basis = mean_free_basis(4)
        samples = prior.sample(200_000, seeded(2)).double()
        assert samples.sum(1).abs().max() < 1e-5
        # The same moments from the density itself, by importance sampling.
        torch.manual_seed(1)
        wide = torch.distributions.StudentT(torch.tensor(3.0, dtype=torch.float64), scale=0.5)
        u = wide.sample((400_000, 3))
        weights = (prior.log_prob(u @ basis.mT) - wide.log_prob(u).sum(1)).exp() / len(u)
        expected = torch.einsum("n,ni,nj->ij", weights, u, u)
        torch.testing.assert_close((samples @ basis).mT.cov(), expected, rtol=0.1, atol=0.03)
        entropy = -float((weights * prior.log_prob(u @ basis.mT)).sum())
        assert -float(prior.log_prob(samples).mean()) == pytest.approx(entropy, abs=0.04)

    def test_they_are_likelier_under_their_own_density(self, trained, name):
        prior, _ = trained[name]
        samples = prior.sample(3000, seeded(0))
        assert samples.dtype == torch.float32
        own = prior.log_prob(samples).mean()
        state = prior.state_dict()
        for change in (
            {"variances": state["variances"] * 1.3},
            {"variances": state["variances"].roll(1, 1)},
        ):
            other = REGISTRY.priors[name].load()(**OPTIONS)
            other.load_state_dict({**state, **change})
            assert own > other.log_prob(samples).mean() + 0.02

    def test_the_scales_of_pixels_that_sum_to_zero_have_their_probabilities(self):
        density = random_marginals(4)
        total = zero_sum.ZeroSum(density)
        choices = torch.cartesian_prod(*[torch.arange(3)] * 4).mT
        variances = density.variances.gather(1, choices)
        joint = density.weights.gather(1, choices).prod(0) * variances.sum(0).rsqrt()
        joint = joint / joint.sum()
        conditional = variances - variances.square() / variances.sum(0)
        moments = total.moments()
        for j in range(3):
            here = (choices == j).double()
            torch.testing.assert_close(moments.share[:, j], here @ joint)
            torch.testing.assert_close(moments.second[:, j], (here * conditional) @ joint)


class TestMAP:
    @pytest.mark.slow
    @pytest.mark.parametrize("noise_variance", [1e-5, 1e-3, 0.05, 1.0, 100.0])
    def test_a_table_is_the_global_maximum(self, noise_variance):
        density = random_marginals(5)
        v = (
            torch.randn(5, 400, generator=seeded(1), dtype=torch.float64)
            * (noise_variance + 1) ** 0.5
            * 1.5
        )

        def objective(z):
            log_prob = density.joint(z.flatten(1)).logsumexp(1).view_as(z)
            return log_prob - (z - v[:, None]).square() / (2 * noise_variance)

        # Nothing beyond v or on the other side of 0 can be better.
        fractions = torch.linspace(0, 1, 1001, dtype=torch.float64)[:, None]
        best = objective(fractions * v[:, None]).amax(1)
        reached = objective(
            shrinkage.Shrinkage(density, noise_variance, torch.float64)(v)[:, None]
        )[:, 0]
        # In the one cell where the better mode changes, the table is interpolated between the two.
        assert (reached >= best - 1).all()
        assert (reached >= best - 1e-5).double().mean() > 0.99

    def test_where_two_modes_compete_the_better_one_wins(self):
        density = marginals.Marginals(
            torch.tensor([[0.5, 0.5]], dtype=torch.float64),
            torch.tensor([[1e-6, 1.0]], dtype=torch.float64),
        )
        shrink = shrinkage.Shrinkage(density, 0.01, torch.float64)
        v = torch.linspace(0, 1, 1001, dtype=torch.float64)[None]
        z = shrink(v)
        jump = float(v[0, z.diff().argmax()])
        candidates = torch.linspace(0, 1, 100_001, dtype=torch.float64)[None]
        log_prob = density.joint(candidates).logsumexp(1)
        for value, far in ((jump - 0.02, False), (jump + 0.02, True)):
            best = float(candidates[0, (log_prob - (candidates - value).square() / 0.02).argmax()])
            assert (best > 0.1) is far
            assert float(shrink(torch.tensor([[value]], dtype=torch.float64))) == pytest.approx(
                best, abs=1e-3
            )

    def test_a_table_is_odd_and_extrapolates_as_the_widest_gaussian(self):
        density = random_marginals(4)
        shrink = shrinkage.Shrinkage(density, 0.3, torch.float64)
        v = torch.linspace(0, 1e3, 50, dtype=torch.float64).expand(4, -1)
        torch.testing.assert_close(shrink(-v), -shrink(v))
        widest = density.variances.amax(1)
        far = shrink(v)[:, -1]
        torch.testing.assert_close(far, 1e3 * widest / (widest + 0.3), rtol=1e-3, atol=0)

    @pytest.mark.slow
    def test_components_are_restored_by_themselves(self):
        prior = random_prior("pca")
        state = prior.state_dict()
        x = torch.randn(4, 4, generator=seeded(5), dtype=torch.float64)
        line = torch.linspace(-4, 4, 101, dtype=torch.float64)
        grid = torch.cartesian_prod(line, line, line) @ state["axes"]
        energy = -prior.log_prob(grid)
        for patch, z in zip(x, prior.map_estimate(x, 0.2), strict=True):
            own = -prior.log_prob(z[None]) + (z - patch).square().sum() / 0.4
            best = (energy + (grid + patch.mean() - patch).square().sum(1) / 0.4).min()
            assert float(own) <= float(best) + 1e-3

    @pytest.mark.slow
    @pytest.mark.parametrize("name", ["ind-pixel", "ica"])
    def test_admm_finds_nearly_the_best_of_a_grid(self, name):
        prior = random_prior(name)
        x = torch.randn(30, 4, generator=seeded(6), dtype=torch.float64)
        estimate = prior.map_estimate(x, 0.1)
        torch.testing.assert_close(estimate.mean(1), x.mean(1))

        line = torch.linspace(-3, 3, 101, dtype=torch.float64)
        grid = torch.cartesian_prod(line, line, line) @ mean_free_basis(4).mT
        energy = -prior.log_prob(grid)
        centred = x - x.mean(1, keepdim=True)
        best = torch.stack(
            [(energy + (grid - patch).square().sum(1) / 0.2).min() for patch in centred]
        )
        reached = -prior.log_prob(estimate) + (estimate - x).square().sum(1) / 0.2
        excess = reached - best
        assert (excess <= 0.05).double().mean() > 0.8
        assert excess.mean() < 0.1

    @pytest.mark.slow
    @pytest.mark.parametrize("sigma", [5, 25, 100])
    @pytest.mark.parametrize("name", ["ind-pixel", "ica"])
    def test_admm_is_as_good_as_gradient_descent(self, trained, natural_patches, name, sigma):
        prior, _ = trained[name]
        variance, basis = (sigma / 255) ** 2, mean_free_basis(SIZE**2)
        x = natural_patches[:60].double()
        x = x + variance**0.5 * torch.randn(x.shape, generator=seeded(3), dtype=torch.float64)
        x = x - x.mean(1, keepdim=True)

        def energy(u):
            return -prior.log_prob(u @ basis.mT) + (u - x @ basis).square().sum(1) / (2 * variance)

        u = (x @ basis).requires_grad_()
        descent = torch.optim.LBFGS(
            [u], max_iter=300, tolerance_change=1e-12, line_search_fn="strong_wolfe"
        )

        def closure():
            descent.zero_grad()
            total = energy(u).sum()
            total.backward()
            return total

        descent.step(closure)
        with torch.no_grad():
            reached, start = energy(prior.map_estimate(x, variance) @ basis), energy(x @ basis)
            assert reached.mean() <= energy(u).mean() + 0.1
            assert (reached < start).all()
            assert reached.mean() < start.mean() - 5

    def test_without_noise_a_patch_is_its_own_estimate(self, trained, natural_patches, name):
        prior, _ = trained[name]
        assert torch.equal(prior.map_estimate(natural_patches, 0.0), natural_patches)
        torch.testing.assert_close(
            prior.map_estimate(natural_patches, 1e-12), natural_patches, rtol=0, atol=1e-5
        )

    def test_drowned_in_noise_only_the_mean_is_left(self, trained, natural_patches, name):
        prior, _ = trained[name]
        estimate = prior.map_estimate(natural_patches, 1e6)
        mean = natural_patches.mean(1, keepdim=True).expand_as(estimate)
        # ADMM takes a fixed number of steps, and more where the axes are far from orthogonal.
        torch.testing.assert_close(estimate, mean, rtol=0, atol=1e-5 if name == "pca" else 1e-2)
        assert (natural_patches - mean).abs().max() > 0.3

    @pytest.mark.parametrize("noise_variance", [-1e-3, math.nan, math.inf])
    def test_an_impossible_noise_variance_is_refused(
        self, trained, natural_patches, name, noise_variance
    ):
        with pytest.raises(ValueError, match="noise_variance"):
            trained[name][0].map_estimate(natural_patches, noise_variance)

    def test_another_noise_level_is_not_answered_from_the_last(
        self, trained, natural_patches, name
    ):
        prior, _ = trained[name]
        first = prior.map_estimate(natural_patches, 1e-3)
        assert not torch.allclose(first, prior.map_estimate(natural_patches, 1e-1))
        assert torch.equal(prior.map_estimate(natural_patches, 1e-3), first)


class TestEM:
    def two_scales(self):
        weights = torch.tensor(
            [[0.3, 0.7], [0.8, 0.2], [0.5, 0.5], [0.6, 0.4]], dtype=torch.float64
        )
        return marginals.Marginals(
            weights, torch.tensor([[0.01, 1.0]], dtype=torch.float64).repeat(4, 1)
        )

    def run(self, values, iterations, maximise=None, scales=3):
        density = em.spread([values], scales, 1e-9)

        def unconstrained(density, moments):
            expected = em.Moments(density.weights, density.weights * density.variances, 1)
            return em.maximise(density, moments, expected, 1e-9)

        return list(
            em.em(
                lambda: [values],
                lambda: [values[:, :100]],
                density,
                maximise or unconstrained,
                iterations,
            )
        )

    def test_moments_are_those_of_the_definition(self):
        density = random_marginals(2)
        v = torch.randn(2, 30, dtype=torch.float64)
        mixture = torch_marginals(density)
        joint = mixture.component_distribution.log_prob(v.mT[:, :, None]) + density.weights.log()
        posterior = joint.softmax(2)
        moments, likelihood = em.expectation(density, [v[:, :10], v[:, 10:]])
        torch.testing.assert_close(moments.share, posterior.mean(0))
        torch.testing.assert_close(moments.second, (posterior * v.mT[:, :, None].square()).mean(0))
        assert likelihood == pytest.approx(float(mixture.log_prob(v.mT).sum(1).mean()))
        assert em.log_likelihood(density, [v]) == pytest.approx(likelihood)

    def test_the_training_likelihood_never_falls(self):
        values = random_marginals(4).sample(2000, seeded())
        steps = self.run(values, 20)
        assert all(b.train >= a.train - 1e-6 for a, b in pairwise(steps))
        assert steps[-1].train > steps[0].train + 0.05

    def test_it_finds_the_marginals_that_the_data_came_from(self):
        truth = self.two_scales()
        found = self.run(truth.sample(20_000, seeded()), 60, scales=2)[-1].marginals
        torch.testing.assert_close(found.weights, truth.weights, rtol=0, atol=0.02)
        torch.testing.assert_close(found.variances, truth.variances, rtol=0.1, atol=0)

    def test_one_gaussian_has_the_variance_of_the_data(self):
        values = torch.randn(3, 500, dtype=torch.float64)
        found = self.run(values, 1, scales=1)[-1].marginals
        torch.testing.assert_close(found.variances[:, 0], values.square().mean(1))

    @pytest.mark.slow
    def test_pixels_that_sum_to_zero_give_back_their_marginals(self):
        truth = self.two_scales()
        values = zero_sum.ZeroSum(truth).sample(20_000, seeded())

        def maximise(density, moments):
            return em.maximise(density, moments, zero_sum.ZeroSum(density).moments(), 1e-9)

        def likelihood(step):
            return step.train - zero_sum.ZeroSum(step.marginals).log_density

        steps = self.run(values, 80, maximise, scales=2)
        assert all(likelihood(b) >= likelihood(a) - 1e-6 for a, b in pairwise(steps))
        torch.testing.assert_close(steps[-1].marginals.weights, truth.weights, rtol=0, atol=0.03)
        torch.testing.assert_close(
            steps[-1].marginals.variances, truth.variances, rtol=0.15, atol=0
        )
        naive = self.run(values, 80, scales=2)[-1]
        assert likelihood(steps[-1]) > likelihood(naive) + 0.01

    def test_a_gaussian_without_values_does_not_vanish(self):
        steps = self.run(torch.zeros(2, 50, dtype=torch.float64), 5)
        assert (steps[-1].marginals.weights > 0).all()
        assert steps[-1].marginals.variances.min() >= 1e-9


class TestFit:
    def test_rows_tell_the_training(self, trained, name):
        _, rows = trained[name]
        assert [row["iteration"] for row in rows] == list(range(len(rows)))
        told = {"converged"} if name == "ica" else set()
        assert set(rows[0]) == {
            *("iteration", "train_log_likelihood", "held_out_log_likelihood", "seconds"),
            *told,
        }
        assert rows[-1]["train_log_likelihood"] > rows[0]["train_log_likelihood"]

    def test_the_best_on_held_out_patches_is_kept(self, natural, trained, name):
        prior, rows = trained[name]
        _, held_out = draw_patches(natural, SIZE, OPTIONS["n_patches"], 0.1, seeded(4))
        best = max(row["held_out_log_likelihood"] for row in rows)
        assert float(prior.log_prob(held_out[:]).double().mean()) == pytest.approx(best, abs=1e-3)

    @pytest.mark.slow
    def test_richer_densities_are_likelier(self, natural):
        """Independent pixels < Gaussian < PCA < ICA for 8 × 8 patches."""
        options = {"patch_size": 8, "n_patches": 10_000}
        train, held_out = draw_patches(natural, 8, 10_000, 0.1, seeded(0))
        basis = mean_free_basis(64)
        u = train[:].double() @ basis
        gaussian = MultivariateNormal(torch.zeros(63).double(), u.mT @ u / len(u))
        normal = float(gaussian.log_prob(held_out[:].double() @ basis).mean())
        best = {}
        for each in NAMES:
            _, rows = fitted(natural, each, **options)
            best[each] = max(row["held_out_log_likelihood"] for row in rows)
        assert best["ind-pixel"] < normal - 1
        assert best["pca"] > normal + 1
        assert best["ica"] > best["pca"] + 1
        one, _ = fitted(natural, "pca", **options, scales=1, iterations=1)
        assert float(one.log_prob(held_out[:].double()).mean()) == pytest.approx(normal, abs=0.05)

    def test_principal_axes_are_uncorrelated(self, natural, trained):
        axes = trained["pca"][0].state_dict()["axes"]
        train, _ = draw_patches(natural, SIZE, OPTIONS["n_patches"], 0.1, seeded(0))
        covariance = (axes @ train[:].double().mT).cov(correction=0)
        scale = covariance.diagonal().sqrt()
        assert (covariance / scale / scale[:, None]).fill_diagonal_(0).abs().max() < 0.02

    @pytest.mark.slow
    def test_ica_unmixes_sources(self):
        """Patches of independent sparse sources along oblique axes, which ICA finds."""
        truth = random_prior("ica", patch_size=3, seed=3)
        samples = truth.sample(20_000, seeded())
        # One image for each patch, so that training sees just these.
        images = [patch.view(1, 1, 3, 3) for patch in samples]
        best = {}
        for each in ("pca", "ica"):
            found, rows = fitted(images, each, patch_size=3, scales=3)
            best[each] = max(row["held_out_log_likelihood"] for row in rows)
        assert rows[0]["converged"] == 1
        overlap = (found.state_dict()["axes"] @ truth.state_dict()["axes"].mT).abs()
        assert overlap.amax(1).min() > 0.98
        assert best["ica"] > best["pca"] + 0.5

    def test_ica_that_does_not_converge_says_so_in_its_rows_only(self, natural):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            _, rows = fitted(natural, "ica", ica_iterations=1, iterations=1, n_patches=1000)
        assert all(row["converged"] == 0 for row in rows)

    def test_it_stops_without_progress(self, natural, name):
        _, rows = fitted(natural, name, n_patches=500, patience=2, tolerance=1e6)
        assert len(rows) == 3

    def test_a_seed_gives_one_model(self, natural, name):
        options = {"n_patches": 1000, "iterations": 2}
        first, again, other = (
            fitted(natural, name, seed, **options)[0].state_dict() for seed in (1, 1, 2)
        )
        assert all(torch.equal(first[key], again[key]) for key in first)
        assert not torch.equal(first["variances"], other["variances"])

    def test_variances_stay_above_the_floor(self, name):
        flat = [torch.full((1, 1, 20, 20), 0.5), torch.rand(1, 1, 20, 20, generator=seeded())]
        prior, rows = fitted(flat, name, n_patches=400, iterations=5, floor=1e-4)
        assert prior.state_dict()["variances"].min() >= 1e-4
        assert all(math.isfinite(value) for row in rows for value in row.values())

    def test_images_that_give_too_few_patches_are_refused(self, name):
        with pytest.raises(ValueError, match="none at all"):
            fitted([], name)
        with pytest.raises(ValueError, match="too few for 25 pixels"):
            fitted([torch.rand(1, 1, 8, 8)], name)

    @pytest.mark.parametrize("bad", [{"components": 3}, {"scales": 0}, {"floor": 0}, {"stride": 9}])
    def test_bad_parameters_are_refused(self, name, bad):
        with pytest.raises(ValueError, match=next(iter(bad))):
            REGISTRY.priors[name].load()(**bad)


class TestModelFile:
    def test_a_saved_model_restores_the_same(self, trained, natural_patches, name, tmp_path):
        prior, _ = trained[name]
        prior.save(tmp_path / "model.safetensors")
        again = REGISTRY.priors[name].load()(**OPTIONS)
        again.load(tmp_path / "model.safetensors")
        torch.testing.assert_close(
            again.map_estimate(natural_patches, 1e-2), prior.map_estimate(natural_patches, 1e-2)
        )
        torch.testing.assert_close(again.log_prob(natural_patches), prior.log_prob(natural_patches))

    def test_a_model_of_other_parameters_is_refused(self, trained, name, tmp_path):
        trained[name][0].save(tmp_path / "model.safetensors")
        other = REGISTRY.priors[name].load()(**(OPTIONS | {"scales": 4}))
        with pytest.raises(
            ValueError, match=r"does not fit this prior: weights has shape .*6\).*4\)"
        ):
            other.load(tmp_path / "model.safetensors")

    @pytest.mark.parametrize(
        ("change", "message"),
        [
            (lambda state: state.pop("weights"), "weights is missing"),
            (lambda state: state["weights"].mul_(-1), "positive and sum to 1"),
            (lambda state: state["weights"].mul_(2), "positive and sum to 1"),
            (lambda state: state["variances"].mul_(-1), "variances must be positive"),
            (
                lambda state: state["variances"].fill_(math.inf),
                "variances must be positive and finite",
            ),
            (lambda state: state["axes"].fill_(math.nan), "axes must be finite"),
            (lambda state: state["axes"].mul_(1.1), "axes must"),
            (lambda state: state["axes"][0].copy_(state["axes"][1]), "axes must"),
        ],
    )
    def test_what_is_no_density_is_refused(self, trained, name, change, message):
        state = {key: value.clone() for key, value in trained[name][0].state_dict().items()}
        change(state)
        with pytest.raises(ValueError, match=message):
            REGISTRY.priors[name].load()(**OPTIONS).load_state_dict(state)

    @pytest.mark.parametrize("each", ["pca", "ica"])
    def test_axes_along_the_mean_are_refused(self, trained, each):
        state = dict(trained[each][0].state_dict())
        state["axes"] = torch.nn.functional.normalize(state["axes"] + 1e-3)
        with pytest.raises(ValueError, match="axes must be"):
            REGISTRY.priors[each].load()(**OPTIONS).load_state_dict(state)

    def test_an_untrained_prior_says_so(self, name):
        prior = REGISTRY.priors[name].load()()
        for use in (
            lambda: prior.map_estimate(torch.rand(2, 64), 0.1),
            lambda: prior.log_prob(torch.rand(2, 64)),
            lambda: prior.sample(2, seeded()),
            prior.state_dict,
        ):
            with pytest.raises(RuntimeError, match="fit it, or load"):
                use()


@pytest.mark.slow
def test_denoising_improves_the_image(trained, name):
    clean = to_tensor(data.camera().astype(np.float32)[100:164, 200:264] / 255)
    problem = Denoise(sigma=25).corrupt(clean, seeded())
    restored = restore(trained[name][0], problem, Context.seeded(0)).image
    better = {"ind-pixel": 1.5, "pca": 4, "ica": 4}[name]
    assert (restored - clean).square().mean() < (problem.y - clean).square().mean() / better
