"""The short list of components; processors without bfloat16 emulate it, with the same results."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from plugins.gmm import mixture, posterior, short_list
from tests.plugins.mixtures import GMM, random_mixture

COMPONENTS = 80


def conditioned(dimension, seed=0):
    """A random mixture of well-conditioned components that differ in shape and contrast."""
    chosen = random_mixture(COMPONENTS, dimension, seed)
    power = chosen.covariances.diagonal(dim1=1, dim2=2).mean(1)[:, None, None]
    contrast = torch.logspace(-1, 0, COMPONENTS, dtype=torch.float64)[:, None, None]
    round_ = torch.eye(dimension, dtype=torch.float64)
    return mixture.Mixture(chosen.weights, contrast * (chosen.covariances / power + round_))


class Case:
    """A random mixture of vectors of mean square 1, and their scores in float64."""

    def __init__(self, dimension, seed=0, count=2000):
        drawn = conditioned(dimension, seed)
        scale = torch.einsum("k,kii->i", drawn.weights, drawn.covariances).sqrt()
        self.spreads = torch.linalg.cholesky(drawn.covariances) / scale[:, None]
        self.roots = torch.linalg.inv(self.spreads)
        self.constants = drawn.weights.log() - self.spreads.diagonal(dim1=1, dim2=2).log().sum(1)
        self.vectors = (drawn.sample(count, torch.Generator().manual_seed(seed)) / scale).mT.float()

    def listed(self):
        return short_list.ShortList(self.constants, self.roots, self.spreads)

    def scores(self, vectors):
        projected = self.roots @ vectors.double()
        return self.constants[:, None] - projected.square().sum(1) / 2


def assert_first(case, vectors):
    """Assert that the best are chosen, but for one in a thousand, and there one as good."""
    scores = case.scores(vectors)
    chosen = case.listed()(vectors)
    highest, first = scores.max(0)
    wrong = chosen != first
    assert wrong.double().mean() <= 1e-3
    lost = highest - scores[chosen, torch.arange(len(chosen))]
    assert lost.max() < 0.5


@pytest.mark.slow
@settings(max_examples=20, deadline=None, derandomize=True)
@given(st.sampled_from([5, 8, 24, 63]), st.integers(0, 100))
def test_the_first_is_that_of_float64(dimension, seed):
    case = Case(dimension, seed)
    assert_first(case, case.vectors)


@pytest.mark.parametrize("factor", [0.01, 10.0, 100.0])
def test_vectors_unlike_those_of_the_mixture_are_told_as_well(factor):
    case = Case(24)
    vectors = factor * case.vectors
    scores = case.scores(vectors)
    chosen = case.listed()(vectors)
    lost = scores.amax(0) - scores[chosen, torch.arange(len(chosen))]
    assert (lost <= 1e-5 * scores.amax(0).abs()).double().mean() >= 0.999


def test_bfloat16_alone_would_choose_others():
    case = Case(63)
    case.vectors = case.vectors[:, :500]
    listed = case.listed()
    rounded = torch.cat([scores for _, scores in listed._scores(case.vectors)], dim=1).argmax(0)
    assert (rounded != case.scores(case.vectors).argmax(0)).double().mean() > 1e-3
    assert_first(case, case.vectors)


def test_a_list_that_would_be_long_is_not_made():
    chosen = random_mixture(COMPONENTS, 24)
    spreads = torch.linalg.cholesky(chosen.covariances)
    constants = chosen.weights.log() - spreads.diagonal(dim1=1, dim2=2).log().sum(1)
    assert short_list.ShortList.where_it_pays(constants, torch.linalg.inv(spreads), spreads) is None
    case = Case(24)
    assert short_list.ShortList.where_it_pays(case.constants, case.roots, case.spreads) is not None


def test_of_equal_components_the_lowest_is_chosen():
    case = Case(8)
    for name in ("constants", "roots", "spreads"):
        own = getattr(case, name)
        setattr(case, name, torch.cat([own, own]))
    chosen = case.listed()(case.vectors)
    assert chosen.max() < COMPONENTS


def test_vectors_without_a_likeliest_component_get_one():
    case = Case(8, count=20)
    case.vectors[:, 3] = torch.nan
    case.vectors[:, 4] = 0
    chosen = case.listed()(case.vectors)
    assert ((chosen >= 0) & (chosen < COMPONENTS)).all()
    assert chosen[4] == case.scores(case.vectors)[:, 4].argmax()


class TestPrior:
    @pytest.fixture
    def listed(self, monkeypatch):
        """How many vectors each short list has been asked about."""
        asked = []
        call = short_list.ShortList.__call__

        def spy(self, vectors):
            asked.append(vectors.shape[1])
            return call(self, vectors)

        monkeypatch.setattr(short_list.ShortList, "__call__", spy)
        monkeypatch.setattr(posterior, "MANY_PATCHES", 1000)
        monkeypatch.setattr(posterior, "multiplies_bfloat16", lambda device: True)
        return asked

    def prior(self, **parameters):
        prior = GMM(n_components=COMPONENTS, **parameters)
        prior.mixture = conditioned(63)
        return prior

    def patches(self, prior, count):
        x = prior.sample(count, torch.Generator().manual_seed(0))
        return x + 0.1 * torch.randn(x.shape, generator=torch.Generator().manual_seed(1))

    @pytest.mark.slow
    @pytest.mark.parametrize("mode", ["exact", "fast"])
    def test_estimates_are_those_without_a_list(self, listed, monkeypatch, mode):
        labels, estimates = [], []
        for native in (True, False):
            monkeypatch.setattr(
                posterior, "multiplies_bfloat16", lambda device, native=native: native
            )
            prior = self.prior(mode=mode)
            x = self.patches(prior, 3000)
            labels.append(prior.select(x, 0.01))
            estimates.append(prior.map_estimate(x, 0.01))
        assert listed == [3000, 3000]
        assert (labels[0] == labels[1]).double().mean() >= 0.999
        assert (estimates[0] - estimates[1]).square().mean() < 1e-5 * estimates[1].square().mean()

    @pytest.mark.parametrize(
        ("count", "dtype", "native", "components"),
        [
            (999, torch.float32, True, COMPONENTS),
            (1000, torch.float64, True, COMPONENTS),
            (1000, torch.float32, False, COMPONENTS),
            (1000, torch.float32, True, posterior.COMPONENTS_FOR_A_LIST - 1),
        ],
    )
    def test_nothing_is_listed_where_it_does_not_pay(
        self, listed, monkeypatch, count, dtype, native, components
    ):
        monkeypatch.setattr(posterior, "multiplies_bfloat16", lambda device: native)
        prior, drawn = GMM(n_components=components), conditioned(63)
        weights = drawn.weights[:components]
        prior.mixture = mixture.Mixture(weights / weights.sum(), drawn.covariances[:components])
        prior.map_estimate(self.patches(prior, count).to(dtype), 0.01)
        assert not listed

    def test_a_result_does_not_depend_on_what_was_asked_before(self, listed):
        prior = self.prior()
        few = self.patches(prior, 900)
        before = prior.map_estimate(few, 0.01)
        prior.map_estimate(self.patches(prior, 2000), 0.01)
        assert torch.equal(prior.map_estimate(few, 0.01), before)
        assert listed == [2000]
