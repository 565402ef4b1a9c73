"""The posteriors that are called exact are compared with dense matrices and enumeration."""

from __future__ import annotations

from itertools import product

import pandas as pd
import pytest
import torch
from torch import Tensor

from plugins.known_truth.exact import Exact
from plugins.known_truth.field import DEVIATION, MEAN, GaussianLaw
from plugins.known_truth.interaction import independent_sets
from plugins.known_truth.laws import law, leaves, mixture, scales
from plugins.known_truth.tiles import TileLaw, cut, joined
from plugins.studies.known_truth.claims import claims
from plugins.studies.known_truth.measure import Row
from plugins.studies.known_truth.study import summarise
from priorbench.errors import NotApplicable
from priorbench.operators import Blur, Downsample, Identity, LinearOperator, Mask
from priorbench.priors import Context
from priorbench.problem import Problem
from priorbench.results import Catalogue

SIDE, SIGMA = 16, 0.05
SHAPE = (1, SIDE, SIDE)
KERNEL = torch.tensor([[0.05, 0.1, 0.05], [0.1, 0.4, 0.1], [0.05, 0.1, 0.05]])


def operators() -> dict[str, LinearOperator]:
    mask = torch.rand(SHAPE, generator=torch.Generator().manual_seed(1)) > 0.5
    return {"identity": Identity(SHAPE), "mask": Mask(mask), "blur": Blur(KERNEL, SHAPE)}


def observed(image: Tensor, operator: LinearOperator) -> Problem:
    y = operator.forward(image.float()[None, None])
    noise = SIGMA * torch.randn(y.shape, generator=torch.Generator().manual_seed(2))
    return Problem(y + operator.restrict(noise), operator, SIGMA)


def dense(operator: LinearOperator) -> Tensor:
    """Return H as a matrix."""
    units = torch.eye(SIDE * SIDE).view(-1, *SHAPE)
    return operator.forward(units).flatten(1).mT.double()


def conditional(problem: Problem, covariance: Tensor) -> tuple[Tensor, Tensor]:
    """Return E[x | y], D, and log p(y) up to a constant for x ~ N(½, covariance)."""
    h = dense(problem.operator)
    seen = h.abs().sum(1) > 0
    h, y = h[seen], problem.y.double().flatten()[seen]
    residual = y - h.sum(1) * MEAN
    marginal = h @ covariance @ h.mT + SIGMA**2 * torch.eye(len(y))
    solved = torch.linalg.solve(marginal, residual)
    score = -0.5 * (residual @ solved + torch.linalg.slogdet(marginal).logabsdet)
    return MEAN + covariance @ h.mT @ solved, score


@pytest.mark.parametrize("name", ["identity", "mask", "blur"])
def test_the_mean_of_a_gaussian_field_is_that_of_a_dense_solve(name):
    gaussian = GaussianLaw()
    image = gaussian.draw(SIDE, torch.Generator().manual_seed(0))
    problem = observed(image, operators()[name])
    units = torch.eye(SIDE * SIDE, dtype=torch.float64).view(-1, SIDE, SIDE)
    spectrum = 1 / gaussian.precision(SIDE, SIDE)
    filtered = torch.fft.irfft2(torch.fft.rfft2(units) * spectrum, s=(SIDE, SIDE))
    covariance = filtered.flatten(1)
    assert float(covariance.diagonal().mean()) == pytest.approx(DEVIATION**2)
    expected, _ = conditional(problem, covariance)
    found = gaussian.mean(problem, Context.seeded(0)).flatten()
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-6)


def two_textures() -> TileLaw:
    """Return a law with two components of full rank, so that all combinations can be listed."""
    generator = torch.Generator().manual_seed(3)
    steep = torch.randn(64, 64, generator=generator, dtype=torch.float64) * 0.02
    flat = 0.1 * torch.ones(64, 64, dtype=torch.float64) / 8 + 0.01 * torch.eye(64)
    return TileLaw(torch.tensor([0.3, 0.7]), torch.stack([steep, flat]))


def enumerated(tiles: TileLaw, problem: Problem) -> Tensor:
    """Return E[x | y] as a sum over the components of all four tiles."""
    covariances = tiles.factors @ tiles.factors.mT
    order = cut(torch.arange(SIDE * SIDE).view(SIDE, SIDE)).flatten()
    means, scores = [], []
    for labels in product(range(len(tiles.weights)), repeat=4):
        block = torch.block_diag(*covariances[list(labels)])
        covariance = torch.empty_like(block)
        covariance[order[:, None], order] = block
        mean, score = conditional(problem, covariance)
        means.append(mean)
        scores.append(score + tiles.weights[list(labels)].log().sum())
    return torch.stack(scores).softmax(0) @ torch.stack(means)


@pytest.mark.parametrize(
    ("name", "tolerance"), [("identity", 1e-6), ("mask", 1e-6), ("blur", 3e-3)]
)
def test_the_mean_of_tiles_is_that_of_all_combinations_of_components(name, tolerance):
    tiles = two_textures()
    problem = observed(tiles.draw(SIDE, torch.Generator().manual_seed(0)), operators()[name])
    found = tiles.mean(problem, Context.seeded(0)).flatten()
    # With blur the tiles interact, and the mean is that of a chain.
    torch.testing.assert_close(found, enumerated(tiles, problem), rtol=0, atol=tolerance)


def test_draws_of_tiles_spread_as_the_error_of_their_mean():
    tiles = law("mixture")
    image = tiles.draw(64, torch.Generator().manual_seed(0))
    operator = Identity((1, 64, 64))
    problem = observed(image, operator)
    mean = tiles.mean(problem, Context.seeded(0))
    drawn = tiles.sample(problem, Context.seeded(1))
    error, spread = (mean - image).square().mean(), (drawn - mean).square().mean()
    assert float(spread / error) == pytest.approx(1.0, abs=0.15)


@pytest.mark.parametrize("of_tiles", [scales, mixture, leaves])
def test_laws_of_tiles_are_probabilities_of_moderate_contrast(of_tiles):
    tiles = of_tiles()
    assert float(tiles.weights.sum()) == pytest.approx(1.0)
    variances = (tiles.factors @ tiles.factors.mT).diagonal(dim1=1, dim2=2)
    assert float(variances.max()) <= 0.1**2 + 1e-9


def test_leaves_are_on_one_side_of_an_edge_each():
    tiles = leaves()
    masks = (tiles.factors > 0).double()
    assert torch.equal(masks.sum(2), torch.ones(masks.shape[:2], dtype=torch.float64))
    first = {tuple(mask.tolist()) for mask in masks[..., 0]}
    assert len(first) > 0.9 * len(masks)


def test_what_has_no_exact_posterior_is_refused():
    for shape in ((3, 16, 16), (1, 72, 64), (1, 12, 16)):
        problem = Problem(torch.full((1, *shape), 0.5), Identity(shape), 0.1)
        with pytest.raises(NotApplicable, match="gray images of at most 64 × 64"):
            Exact("leaves").restore(problem, Context.seeded(0))
    poisson = Problem(torch.full((1, *SHAPE), 0.5), Identity(SHAPE), 0.1, peak=9.0)
    with pytest.raises(NotApplicable, match="Poisson"):
        Exact("gaussian").restore(poisson, Context.seeded(0))


def test_any_other_operator_has_its_exact_posterior():
    tiles = two_textures()
    image = tiles.draw(SIDE, torch.Generator().manual_seed(0))
    problem = observed(image, Downsample(SHAPE, 2))
    found = tiles.mean(problem, Context.seeded(0)).flatten()
    torch.testing.assert_close(found, enumerated(tiles, problem), rtol=0, atol=3e-3)


def test_independent_sets_hold_no_neighbours():
    ring = [{(tile - 1) % 5, (tile + 1) % 5} for tile in range(5)]
    sets = independent_sets(ring)
    assert sorted(tile for each in sets for tile in each) == list(range(5))
    assert all(not ring[tile].intersection(each) for each in sets for tile in each)
    assert len(sets) == 3


def test_tiles_are_cut_and_joined():
    plane = torch.arange(16 * 24.0).view(16, 24)
    tiles = cut(plane)
    assert torch.equal(tiles[1].view(8, 8), plane[:8, 8:16])
    assert torch.equal(joined(tiles, 16, 24), plane)


CATALOGUE = Catalogue(
    priors={"exact": "exact posterior", "wiener-learned": "Wiener", "tv": "TV"},
    tasks={"denoise-25": "denoise σ = 25"},
    metrics={},
    datasets=("fields",),
)
NAMES = {"exact": "exact", "wiener-learned": "wiener-learned", "tv": "tv"}


def rows(gaps: dict[str, float], law: str = "gaussian") -> pd.DataFrame:
    """Return rows of four images on which priors lie so far below the exact mean."""
    found = []
    for number in range(4):
        exact = 30 + number
        found.append(Row("fields", "denoise-25", str(number), law, "exact", exact, exact, 0.9))
        for prior, gap in gaps.items():
            psnr = exact - gap - 1e-4 * number
            found.append(
                Row("fields", "denoise-25", str(number), law, prior, psnr, exact, float("nan"))
            )
    return pd.DataFrame(found)


@pytest.mark.parametrize(
    ("gaps", "law", "holds"),
    [
        ({"wiener-learned": 0.001, "tv": 1.0}, "gaussian", [True, True, True]),
        ({"wiener-learned": 0.1, "tv": 1.0}, "gaussian", [True, False, True]),
        ({"wiener-learned": 0.001, "tv": -1.0}, "gaussian", [False, True, True]),
        ({"wiener-learned": 0.1, "tv": 1.0}, "leaves", [True, None, True]),
    ],
)
def test_claims_follow_from_the_gaps(gaps, law, holds):
    found = claims(rows(gaps, law), NAMES, CATALOGUE)
    assert [claim.holds for claim in found] == holds


def test_the_table_has_the_gaps_in_order():
    table = summarise(rows({"tv": 1.0, "wiener-learned": 0.25}), CATALOGUE)
    assert list(table["prior"]) == ["exact", "wiener-learned", "tv"]
    assert list(table["gap_db"].round(2)) == [0.0, 0.25, 1.0]
    assert table["coverage"].tolist()[0] == pytest.approx(0.9)
