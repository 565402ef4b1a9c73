import math
import time

import numpy as np
import pytest
import torch

from priorbench.numerics.tiles import Tiling
from priorbench.operators import Identity, LinearOperator, Mask
from priorbench.priors import Context, Generator
from priorbench.problem import Problem
from priorbench.solvers import latent_search, restore
from priorbench.solvers.anscombe import restore_stabilised
from priorbench.solvers.colour import from_planes


class Linear(Generator):
    """Tiles are orthonormal patterns without mean, times a gain, times the code.

    Args:
        tile_size: side of a tile.
        latent_size: patterns.
        gain: deviation of a tile along each.
        spread: what it says of its deviation.
        curve: what the codes go through.
    """

    def __init__(self, tile_size=6, latent_size=4, gain=0.5, spread=0.0, curve=lambda z: z):
        self.tile_size, self.latent_size = tile_size, latent_size
        self.gain, self.spread, self.curve = gain, spread, curve
        generator = torch.Generator().manual_seed(7)
        patterns = torch.randn(tile_size**2, latent_size, generator=generator, dtype=torch.float64)
        self.patterns = torch.linalg.qr(patterns - patterns.mean(0)).Q.float()
        self.decoded: list[torch.Tensor] = []
        self.encoded: list[tuple[torch.Tensor, float]] = []

    def decode(self, z):
        self.decoded.append(z.detach().clone())
        return (self.gain * self.curve(z) @ self.patterns.mT).view(
            -1, self.tile_size, self.tile_size
        )

    def encode(self, tiles, sigma):
        self.encoded.append((tiles.clone(), sigma))
        return super().encode(tiles, sigma)

    def deviation(self, z):
        return self.spread


class Foreign(LinearOperator):
    """Every second column, by numpy, which torch can't differentiate."""

    name = "foreign-columns-of-a-test"

    def forward(self, x):
        return torch.from_numpy(np.ascontiguousarray(x.numpy()[..., ::2]))

    def adjoint(self, y):
        x = np.zeros((len(y), *self.image_shape), dtype=y.numpy().dtype)
        x[..., ::2] = y.numpy()
        return torch.from_numpy(x)

    def arguments(self):
        return {"image_shape": list(self.image_shape)}


def problem_of(kind, shape, sigma=0.1):
    generator = torch.Generator().manual_seed(1)
    image = 0.5 + 0.2 * torch.randn(1, *shape, generator=generator)
    known = torch.rand(shape, generator=generator) > 0.3
    operator = {"noise": Identity(shape), "missing": Mask(known), "foreign": Foreign(shape)}[kind]
    y = operator.forward(image)
    return Problem(
        operator.forward(y + sigma * torch.randn(y.shape, generator=generator))
        if kind == "missing"
        else y,
        operator,
        sigma,
    )


def brute_force(prior, problem, stride):
    """The least objective and its image, by dense least squares in float64 of all codes and means
    at once.
    """
    channels, height, width = problem.image_shape
    tiling = Tiling(height, width, prior.tile_size, stride)
    count = channels * len(tiling)
    tiles = []
    for index in range(count):
        for pattern in [*(prior.gain * prior.patterns.mT), torch.ones(prior.tile_size**2)]:
            each = torch.zeros(count, prior.tile_size, prior.tile_size)
            each[index] = pattern.view_as(each[0])
            tiles.append(each)
    images = torch.cat(
        [from_planes(tiling.blend(each), (1, *problem.image_shape)) for each in tiles]
    )
    observed = problem.operator.forward(images).flatten(1).double().mT / problem.sigma
    weight = channels * height * width / (count * prior.tile_size**2)
    is_code = torch.tensor(([1.0] * prior.latent_size + [0.0]) * count, dtype=torch.float64)
    system = torch.cat([observed, math.sqrt(weight) * torch.diag(is_code)])
    right = torch.cat(
        [
            problem.y.flatten().double() / problem.sigma,
            torch.zeros(len(is_code), dtype=torch.float64),
        ]
    )
    solution = torch.linalg.lstsq(system, right[:, None], driver="gelsd").solution
    value = 0.5 * float((system @ solution - right[:, None]).square().sum())
    return value, (images.flatten(1).double().mT @ solution).view(1, *problem.image_shape)


def objective(prior, problem, restored, stride):
    """The objective where tiles don't overlap, from the image and the codes that were decoded last."""
    assert stride == prior.tile_size
    error = (
        problem.operator.forward(restored) - problem.y
    ).double().square().sum() / problem.sigma**2
    return 0.5 * float(error + prior.decoded[-1].double().square().sum())


def search(prior, problem, seed=0, **options):
    return latent_search(prior, problem, Context.seeded(seed), **options).image


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["noise", "missing", "foreign"])
@pytest.mark.parametrize("shape", [(1, 9, 12), (3, 9, 8), (2, 5, 7)])
def test_it_reaches_the_solution_of_ridge_regression(kind, shape):
    prior, problem = Linear(), problem_of(kind, shape)
    least, image = brute_force(prior, problem, stride=3)
    values = []
    context = Context.seeded(0, lambda fraction, **told: values.append(told["objective"]))
    found = latent_search(prior, problem, context, steps=500).image
    # The steps have a constant rate, so they end near the minimum.
    assert least * (1 - 1e-4) <= min(values) <= least * (1 + 1e-3)
    assert min(values) - least < 0.005 * (values[0] - least)
    observed = (
        problem.operator.forward(torch.ones_like(found))
        if kind == "missing"
        else torch.ones_like(found)
    )
    if kind != "foreign":
        torch.testing.assert_close((found * observed).double(), image * observed, rtol=0, atol=5e-3)
    assert found.dtype == torch.float32


@pytest.mark.parametrize(
    "curve", [lambda z: z, lambda z: torch.sin(3 * z)], ids=["straight", "waves"]
)
def test_more_steps_never_give_a_worse_objective(curve):
    problem = problem_of("missing", (1, 12, 18))
    values = []
    for steps in (1, 2, 5, 10, 20, 40, 80):
        prior = Linear(curve=curve)
        values.append(
            objective(prior, problem, search(prior, problem, steps=steps, stride=6), stride=6)
        )
    assert values == sorted(values, reverse=True)
    assert values[-1] < values[0]


@pytest.mark.parametrize("seed", range(4))
def test_restarts_are_never_worse_and_may_be_better(seed):
    problem = problem_of("noise", (1, 12, 12))
    values = []
    for restarts in (0, 1, 4):
        # Without a slope at 0, where the first search begins.
        prior = Linear(curve=torch.square)
        values.append(
            objective(
                prior,
                problem,
                search(prior, problem, seed, steps=40, restarts=restarts, stride=6),
                6,
            )
        )
    assert values == sorted(values, reverse=True)
    assert values[-1] < values[0]


def test_it_begins_with_the_codes_of_the_encoder():
    class Knows(Linear):
        def encode(self, tiles, sigma):
            super().encode(tiles, sigma)
            return torch.full((len(tiles), self.latent_size), 2.0)

    prior, problem = Knows(), problem_of("noise", (3, 6, 9))
    search(prior, problem, steps=1)
    assert (prior.decoded[0] == 2).all()
    red, green, blue = problem.y[0]
    planes = [(red + green + blue) / 3, (red - blue) / 2, (red - 2 * green + blue) / 4]
    for plane, share, (tiles, sigma) in zip(
        planes, (3 / 9, 2 / 4, 6 / 16), prior.encoded, strict=True
    ):
        torch.testing.assert_close(tiles, torch.stack([plane[:, :6], plane[:, 3:]]))
        assert sigma == pytest.approx(0.1 * math.sqrt(share))


@pytest.mark.parametrize("deadline", [0.0, None])
def test_at_the_deadline_it_ends_with_the_best_so_far(deadline):
    prior, problem = Linear(), problem_of("missing", (1, 12, 15))
    result = latent_search(
        prior, problem, Context.seeded(0, deadline=deadline), steps=30, restarts=2
    )
    assert result.timed_out == (deadline is not None)
    assert result.image.shape == problem.y.shape
    assert result.image.isfinite().all()
    # One step of the first search, its objective after it, and the image.
    assert len(prior.decoded) == 3 or deadline is None


def test_a_deadline_far_away_changes_nothing():
    prior, problem = Linear(), problem_of("noise", (1, 12, 15))
    context = Context.seeded(0, deadline=time.monotonic() + 3600)
    result = latent_search(prior, problem, context, steps=5)
    assert not result.timed_out
    assert torch.equal(result.image, search(prior, problem, steps=5))


def test_what_it_can_not_make_comes_from_the_data():
    problem = problem_of("missing", (1, 12, 15))
    made = search(Linear(), problem, steps=30)
    found = search(Linear(spread=0.2), problem, steps=30)
    data, own = problem.operator.forward(torch.ones_like(made)) / problem.sigma**2, 0.2**-2
    torch.testing.assert_close(found, (data * problem.y + own * made) / (data + own))


def test_images_smaller_than_a_tile_are_restored():
    problem = problem_of("noise", (1, 1, 4))
    _, image = brute_force(Linear(), problem, stride=3)
    torch.testing.assert_close(
        search(Linear(), problem, steps=400).double(), image, rtol=0, atol=5e-3
    )


def test_poisson_noise_goes_through_its_transform():
    prior = Linear()
    clean = 0.5 + 0.1 * torch.ones(1, 1, 12, 15)
    counts = torch.poisson(20 * clean, generator=torch.Generator().manual_seed(0))
    problem = Problem(counts / 20, Identity((1, 12, 15)), sigma=math.sqrt(0.6 / 20), peak=20.0)
    found = restore(prior, problem, Context.seeded(0)).image
    gaussian = restore_stabilised(
        lambda stable: latent_search(Linear(), stable, Context.seeded(0)), problem
    ).image
    assert torch.equal(found, gaussian)
    assert (found - clean).square().mean() < (problem.y - clean).square().mean() / 2


def test_restore_searches_for_a_generator():
    problem = problem_of("noise", (1, 9, 12))
    found = restore(Linear(), problem, Context.seeded(0)).image
    assert torch.equal(found, latent_search(Linear(), problem, Context.seeded(0)).image)


def test_nothing_is_changed_and_no_gradients_are_left():
    problem = problem_of("noise", (1, 9, 12))
    before = problem.y.clone()
    found = restore(Linear(), problem, Context.seeded(0)).image
    assert torch.equal(problem.y, before)
    assert not found.requires_grad


def test_progress_rises_to_one_and_tells_the_objective():
    seen = []
    context = Context.seeded(0, lambda fraction, **told: seen.append((fraction, told["objective"])))
    latent_search(Linear(), problem_of("noise", (1, 9, 12)), context, steps=20, restarts=1)
    fractions = [fraction for fraction, _ in seen]
    assert fractions == sorted(fractions)
    assert fractions[-1] == pytest.approx(1)
    assert len(seen) == 2 * 20
