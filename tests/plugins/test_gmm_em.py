"""Expectation maximisation: its steps, its starts, and what becomes of empty components."""

import math
from itertools import islice, pairwise

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.distributions import MultivariateNormal

from plugins.gmm import em, mstep, start
from tests.plugins.mixtures import fitted, random_mixture


def first_state(v, labels, components, maximise):
    return em.State(maximise(em.assigned(labels, components, v)))


class TestEM:
    @pytest.mark.parametrize("negligible", [1e-300, 1e-3])
    def test_one_pass_equals_the_definition(self, negligible, monkeypatch):
        monkeypatch.setattr(em, "NEGLIGIBLE", negligible)
        density = random_mixture(4, 6)
        v = (
            torch.randn(6, 50, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
            * 0.3
        )
        normals = MultivariateNormal(torch.zeros(6).double(), density.covariances)
        joint = density.weights.log() + normals.log_prob(v.mT[:, None])
        posterior = joint.softmax(1)
        posterior[posterior < negligible] = 0
        posterior /= posterior.sum(1, keepdim=True)
        moments, likelihood = em.expectation(density, v)
        assert likelihood == pytest.approx(float(joint.logsumexp(1).mean()))
        torch.testing.assert_close(moments.counts, posterior.sum(0))
        torch.testing.assert_close(moments.second, torch.einsum("nk,in,jn->kij", posterior, v, v))
        assert em.log_likelihood(density, v.split(20, 1)) == pytest.approx(likelihood)

    @pytest.mark.slow
    @given(st.integers(0, 50), st.sampled_from(["full", "scaled"]))
    def test_the_training_likelihood_never_falls_without_shrinkage(self, seed, covariances):
        generator = torch.Generator().manual_seed(seed)
        v = torch.randn(5, 400, generator=generator, dtype=torch.float64)
        v *= torch.rand(400, generator=generator, dtype=torch.float64)
        if covariances == "full":
            v[4] = 0
        labels = start.random_labels(v, 3, generator)
        maximise = mstep.Maximise(torch.ones(5, dtype=torch.float64), floor=1e-3, shrinkage=0.0)
        if covariances == "scaled":
            maximise = mstep.MaximiseScales(
                mstep.Maximise(maximise.scale, floor=1e-9, shrinkage=0.0)
            )
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(em, "NEGLIGIBLE", 1e-300)
            steps = list(
                islice(em.em(first_state(v, labels, 3, maximise), lambda: [v], maximise), 8)
            )
        assert all(b.train >= a.train - 1e-9 for a, b in pairwise(steps) if not b.reseeded)

    def test_the_moments_of_all_batches_are_the_latest_of_each(self):
        generator = torch.Generator().manual_seed(0)
        batches = [torch.randn(3, n, generator=generator) for n in (20, 30)]
        latest = [
            em.assigned(torch.arange(n) % 2, 2, batch)
            for n, batch in zip((20, 30), batches, strict=True)
        ]
        state = em.State(random_mixture(2, 3))
        state.replace(0, em.Moments(latest[0].counts * 7, latest[0].second * 7))
        state.replace(1, latest[1])
        both = state.replace(0, latest[0])
        torch.testing.assert_close(both.counts, latest[0].counts + latest[1].counts)
        torch.testing.assert_close(
            both.second, latest[0].second + latest[1].second, rtol=1e-5, atol=1e-5
        )

    @pytest.mark.slow
    def test_batches_reach_what_one_batch_does_in_fewer_passes(self):
        truth = random_mixture(3, 4, seed=3)
        v = truth.sample(6000, torch.Generator().manual_seed(0)).mT.contiguous()
        maximise = mstep.Maximise(torch.ones(4, dtype=torch.float64), floor=1e-6, shrinkage=0.0)
        labels = start.random_labels(v, 3, torch.Generator().manual_seed(1))

        def after(passes, batches):
            *_, last = islice(
                em.em(first_state(v, labels, 3, maximise), lambda: batches, maximise), passes
            )
            return em.log_likelihood(last.mixture, [v])

        assert after(3, v.split(500, 1)) > after(6, [v])
        assert after(60, v.split(500, 1)) == pytest.approx(after(400, [v]), abs=0.02)

    def test_eigenvalues_stay_above_the_floor_in_pixels(self):
        flat = [
            torch.full((1, 1, 20, 20), 0.5),
            torch.rand(1, 1, 20, 20, generator=torch.Generator().manual_seed(0)),
        ]
        prior, rows = fitted(flat, n_components=2, n_patches=200, iterations=3, floor=1e-5)
        assert torch.linalg.eigvalsh(prior.mixture.covariances).min() >= 1e-5 * (1 - 1e-6)
        assert all(math.isfinite(value) for row in rows for value in row.values())

    def test_it_finds_the_mixture_that_the_data_came_from(self):
        truth = random_mixture(2, 4, seed=3)
        generator = torch.Generator().manual_seed(0)
        u = truth.sample(8000, generator)
        train, held_out = u[:4000].mT.contiguous(), u[4000:].mT.contiguous()
        maximise = mstep.Maximise(torch.ones(4, dtype=torch.float64), floor=1e-6, shrinkage=0.0)
        labels = start.plus_plus_labels(train, 2, generator, 1e-6)
        *_, last = islice(
            em.em(first_state(train, labels, 2, maximise), lambda: [train], maximise), 60
        )
        assert em.log_likelihood(last.mixture, [held_out]) == pytest.approx(
            em.log_likelihood(truth, [held_out]), abs=0.02
        )
        assert sorted(last.mixture.weights.tolist()) == pytest.approx(
            sorted(truth.weights.tolist()), abs=0.05
        )

    def test_an_empty_component_gets_half_of_the_heaviest(self):
        counts = torch.tensor([90.0, 0.0, 10.0]).double()
        second = torch.eye(3).double() * counts[:, None, None]
        moments, reseeded = em.split_heaviest(em.Moments(counts, second))
        assert reseeded == 1
        assert moments.counts.tolist() == [45, 45, 10]
        variances = (
            (moments.second / moments.counts[:, None, None]).diagonal(dim1=1, dim2=2).mean(1)
        )
        assert variances.tolist() == [0.5, 2, 1]
        assert counts.tolist() == [90, 0, 10]

    def test_several_empty_components_are_all_reseeded(self):
        counts = torch.tensor([0.0, 100.0, 0.2, 0.0, 5.0]).double()
        moments, reseeded = em.split_heaviest(
            em.Moments(counts, torch.eye(3).double() * counts[:, None, None])
        )
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

    @pytest.mark.parametrize("components", [1, 5, 8])
    def test_a_mixture_grows_to_any_size_and_climbs(self, components):
        truth = random_mixture(5, 4, seed=1)
        v = truth.sample(4000, torch.Generator().manual_seed(0)).mT.contiguous()
        maximise = mstep.Maximise(torch.ones(4, dtype=torch.float64), floor=1e-6, shrinkage=0.0)
        one = em.assigned(torch.zeros(4000, dtype=torch.long), 1, v)
        grown = start.grow(one, components, lambda: [v], maximise, torch.Generator().manual_seed(2))
        assert grown.weights.shape == (components,)
        assert float(grown.weights.sum()) == pytest.approx(1)
        if components > 1:
            assert em.log_likelihood(grown, [v]) > em.log_likelihood(maximise(one), [v]) + 0.1

    def test_halves_of_a_component_are_proper_and_differ(self):
        halves = start.split(random_mixture(3, 6), 2, torch.Generator().manual_seed(0))
        assert halves.weights.shape == (5,)
        assert (torch.linalg.eigvalsh(halves.covariances) > 0).all()
        contrast = halves.covariances.diagonal(dim1=1, dim2=2).sum(1)
        assert (contrast[1:3] > 1.2 * contrast[3:5]).all()

    def test_equal_vectors_can_start(self):
        labels = start.plus_plus_labels(
            torch.zeros(6, 30), 3, torch.Generator().manual_seed(0), 1e-3
        )
        assert labels.shape == (30,)
