"""Convolutional sparse codes against scikit-learn, scipy and dense linear algebra."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.ndimage import convolve
from sklearn.linear_model import Lasso
from torch import Tensor

from plugins.sparse.convolution import smoothed, sparse_maps, synthesis
from plugins.sparse.csc import ConvolutionalSparseCoding, Filters, SparseTiles
from plugins.sparse.parameters import ConvolutionalParameters
from priorbench.data.loaders import load_embedded
from priorbench.data.transform import centre_crop, to_gray
from priorbench.priors import Context
from priorbench.seeds import seeded
from priorbench.specs import Parameters

QUICK = {
    "filter_size": 6,
    "n_filters": 16,
    "tile_size": 32,
    "n_tiles": 400,
    "iterations": 30,
    "measure_every": 10,
    "held_out": 0.02,
    "steps": 25,
}


def noise(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def photograph(name: str, size: int, colour: bool = False) -> Tensor:
    array = centre_crop(load_embedded(Parameters(), name), size, size)
    array = array if colour else to_gray(array)[..., None]
    return torch.from_numpy(array.copy()).permute(2, 0, 1)[None]


def unit(count: int, size: int) -> Tensor:
    return torch.nn.functional.normalize(noise(count, size, size).double(), dim=(1, 2))


def squared_error(found: Tensor, clean: Tensor) -> float:
    return float((found - clean).square().mean())


def matrix(filters: Tensor, side: int) -> np.ndarray:
    """The convolution with each filter, on the torus, as columns: side² × K·side²."""
    columns = []
    for index in range(len(filters) * side**2):
        maps = torch.zeros(1, len(filters), side, side, dtype=torch.float64)
        maps.view(-1)[index] = 1
        columns.append(synthesis(maps, filters).flatten().numpy())
    return np.stack(columns, axis=1)


@pytest.fixture(scope="module")
def learned() -> ConvolutionalSparseCoding:
    """Learned from other photographs than those that are restored."""
    prior = ConvolutionalSparseCoding(**QUICK)
    images = [photograph(name, 192) for name in ("coins", "camera", "brick")]
    rows = list(prior.fit(images, Context.seeded(0)))
    values = [row["held_out_negative_objective"] for row in rows]
    assert values[-1] > values[0]
    return prior


class TestConvolution:
    def test_a_synthesis_is_the_convolution_of_scipy(self):
        filters, maps = unit(2, 3), noise(1, 2, 6, 8).double()
        expected = sum(
            # scipy's kernels lie around their middle, these begin at their corner.
            np.roll(convolve(z, d, mode="wrap"), (1, 1), (0, 1))
            for z, d in zip(maps[0].numpy(), filters.numpy(), strict=True)
        )
        np.testing.assert_allclose(synthesis(maps, filters)[0].numpy(), expected, atol=1e-12)

    @pytest.mark.parametrize("penalty", [0.02, 0.2, 1.0])
    def test_the_maps_are_the_minimiser_that_scikit_learn_finds(self, penalty):
        side, filters = 6, unit(2, 3)
        plane = noise(side, side, seed=1).double()
        dense = matrix(filters, side)
        lasso = Lasso(penalty / side**2, fit_intercept=False, tol=1e-10, max_iter=100_000)
        expected = lasso.fit(dense, plane.flatten().numpy()).coef_
        found = sparse_maps(plane[None], filters, penalty, 3000).flatten().numpy()

        def objective(z: np.ndarray) -> float:
            residual = plane.flatten().numpy() - dense @ z
            return 0.5 * float(residual @ residual) + penalty * float(np.abs(z).sum())

        assert objective(found) == pytest.approx(objective(expected), rel=1e-4)

    def test_planes_of_a_batch_do_not_mix(self):
        planes, filters = noise(3, 8, 10).double(), unit(3, 4)
        together = sparse_maps(planes, filters, 0.1, 10)
        for plane, maps in zip(planes, together, strict=True):
            torch.testing.assert_close(sparse_maps(plane[None], filters, 0.1, 10)[0], maps)

    def test_a_large_penalty_leaves_nothing(self):
        assert not sparse_maps(0.1 * noise(1, 8, 8), unit(2, 3).float(), 10.0, 20).any()

    def test_the_smooth_part_solves_its_equations(self):
        plane = noise(6, 7).double()
        height, width = plane.shape
        laplacian = np.zeros((height * width, height * width))
        for row in range(height):
            for column in range(width):
                here = row * width + column
                for down, right in ((0, 1), (1, 0), (0, -1), (-1, 0)):
                    there = (row + down) % height * width + (column + right) % width
                    laplacian[here, here] += 1
                    laplacian[here, there] -= 1
        expected = np.linalg.solve(np.eye(height * width) + 5 * laplacian, plane.flatten().numpy())
        np.testing.assert_allclose(smoothed(plane[None], 5.0)[0].flatten(), expected, atol=1e-12)


class TestLearning:
    def test_filters_have_norm_1_and_mean_0(self):
        filters = Filters(5, 4)()
        torch.testing.assert_close(filters.flatten(1).norm(dim=1), torch.ones(5))
        torch.testing.assert_close(filters.mean((1, 2)), torch.zeros(5), atol=1e-6, rtol=0)

    def test_the_gradient_is_that_of_the_minimum_over_the_maps(self):
        """Finite differences of the loss, with the maps recomputed for each perturbed filter."""
        options = ConvolutionalParameters(
            n_filters=2, filter_size=3, tile_size=8, steps=6000, training_penalty=0.1
        )
        # Of other filters a map may begin or end within the difference.
        with seeded(0):
            network = Filters(2, 3).double()
        objective = SparseTiles(network, options)
        tiles = noise(1, 8, 8).double()
        loss, _ = objective.loss(tiles, 0.0, torch.Generator())
        torch.autograd.backward(loss)
        gradient = network.raw.grad
        assert gradient is not None
        step = 1e-4
        for index in ((0, 0, 0), (1, 2, 1)):
            values = []
            for sign in (1, -1):
                with torch.no_grad():
                    network.raw[index] += sign * step
                    values.append(float(objective.loss(tiles, 0.0, torch.Generator())[0]))
                    network.raw[index] -= sign * step
            difference = (values[0] - values[1]) / (2 * step)
            assert difference == pytest.approx(float(gradient[index]), rel=1e-2, abs=1e-6)

    def test_flat_tiles_leave_their_filters_random(self):
        prior = ConvolutionalSparseCoding(**QUICK)
        rows = list(prior.fit([torch.full((1, 1, 64, 64), 0.5)], Context.seeded(0)))
        assert all(np.isfinite(list(row.values())).all() for row in rows)
        assert prior.network().isfinite().all()


class TestDenoising:
    @pytest.mark.parametrize("sigma", [0.06, 0.2])
    @pytest.mark.parametrize("colour", [False, True], ids=["gray", "rgb"])
    def test_noise_is_removed(self, learned, sigma, colour):
        clean = photograph("motorcycle", 96, colour)
        noisy = clean + sigma * noise(*clean.shape)
        found = learned.denoise(noisy, sigma)
        assert squared_error(found, clean) < 0.5 * squared_error(noisy, clean)

    def test_without_noise_the_image_is_returned(self, learned):
        image = photograph("motorcycle", 32)
        assert learned.denoise(image, 0.0) is image

    @pytest.mark.parametrize("size", [(1, 1), (2, 9), (31, 20)])
    def test_any_size(self, learned, size):
        found = learned.denoise(torch.rand(1, 1, *size), 0.1)
        assert found.shape == (1, 1, *size)
        assert found.isfinite().all()

    def test_it_moves_with_the_image(self, learned):
        """Far from the border a shifted image has the shifted estimate."""
        noisy = photograph("motorcycle", 96) + 0.1 * noise(1, 1, 96, 96)
        one = learned.denoise(noisy[..., :90, :90], 0.1)[..., 30:60, 30:60]
        other = learned.denoise(noisy[..., 5:95, 3:93], 0.1)[..., 25:55, 27:57]
        torch.testing.assert_close(one, other, atol=5e-3, rtol=0)
