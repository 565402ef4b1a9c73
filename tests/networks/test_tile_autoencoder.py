"""Coordinates of tiles and the decoder's density, by dense algebra."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from priorbench.networks.block_dct import BlockDCT
from priorbench.networks.tile_autoencoder import Decoded
from priorbench.numerics.patches import mean_free_basis
from priorbench.numerics.tiles import without_mean


class TestBlocks:
    @given(grid=st.integers(1, 4), block=st.integers(1, 8))
    def test_the_coordinates_are_orthonormal(self, grid: int, block: int) -> None:
        dct = BlockDCT(grid * block, block)
        tiles = torch.randn(3, grid * block, grid * block)
        u = dct.coefficients(tiles)
        assert u.shape == (3, block**2, grid, grid)
        torch.testing.assert_close(dct.tiles(u), tiles)
        torch.testing.assert_close(u.square().sum((1, 2, 3)), tiles.square().sum((1, 2)))

    def test_a_coefficient_belongs_to_its_block_and_the_first_is_its_mean(self) -> None:
        dct = BlockDCT(8, 4)
        tile = torch.zeros(1, 8, 8)
        tile[0, :4, 4:] = 0.5
        u = dct.coefficients(tile)
        expected = torch.zeros_like(u)
        expected[0, 0, 0, 1] = 0.5 * 4
        torch.testing.assert_close(u, expected)


class TestDecoded:
    def decoded(self) -> Decoded:
        generator = torch.Generator().manual_seed(1)
        mean = torch.randn(1, 4, 2, 2, generator=generator, dtype=torch.float64)
        return Decoded(mean, 0.1 + torch.rand(1, 4, 2, 2, generator=generator, dtype=torch.float64))

    def dense(self, dct: BlockDCT, decoded: Decoded, noise: float) -> tuple[Tensor, Tensor]:
        """Return mean and covariance of Bᵀx of tiles x without a mean, by dense algebra."""
        pixels = dct.size**2
        matrix = (
            dct.coefficients(torch.eye(pixels).view(pixels, dct.size, dct.size)).flatten(1).double()
        )
        into = matrix.mT @ mean_free_basis(pixels)
        precision = torch.diag(1 / (decoded.variance + noise).flatten())
        covariance = torch.linalg.inv(into.mT @ precision @ into)
        return covariance @ into.mT @ precision @ decoded.mean.flatten(), covariance

    @pytest.mark.parametrize("noise", [0.0, 0.3])
    def test_log_prob_is_the_gaussian_on_tiles_without_a_mean(self, noise: float) -> None:
        dct, decoded = BlockDCT(4, 2), self.decoded()
        tile = without_mean(torch.randn(1, 4, 4, dtype=torch.float64))
        mean, covariance = self.dense(dct, decoded, noise)
        expected = torch.distributions.MultivariateNormal(mean, covariance).log_prob(
            tile.flatten() @ mean_free_basis(16)
        )
        got = decoded.log_prob(dct.coefficients(tile), torch.tensor([noise], dtype=torch.float64))
        torch.testing.assert_close(got[0], expected)

    def test_samples_are_of_that_gaussian(self) -> None:
        dct, decoded, count = BlockDCT(4, 2), self.decoded(), 40_000
        many = Decoded(
            decoded.mean.expand(count, -1, -1, -1), decoded.variance.expand(count, -1, -1, -1)
        )
        tiles = dct.tiles(many.sample(torch.Generator().manual_seed(0)))
        assert tiles.mean((1, 2)).abs().max() < 1e-6
        mean, covariance = self.dense(dct, decoded, 0.0)
        vectors = tiles.flatten(1) @ mean_free_basis(16)
        deviation = covariance.diagonal().sqrt()
        assert ((vectors.mean(0) - mean) / deviation).abs().max() < 5 / math.sqrt(count)
        scaled = (vectors.T.cov() - covariance) / (deviation[:, None] * deviation)
        assert scaled.abs().max() < 6 * math.sqrt(2 / count)

    def test_the_estimate_is_the_posterior_mean(self) -> None:
        decoded = self.decoded()
        u = torch.randn(1, 4, 2, 2, dtype=torch.float64, requires_grad=True)
        noise = torch.tensor([0.2], dtype=torch.float64)
        estimate = decoded.estimate(u.detach(), noise)
        # Where the sum of both quadratic terms is least, its gradient is 0.
        x = estimate.requires_grad_()
        cost = (
            (x - decoded.mean).square() / decoded.variance + (x - u.detach()).square() / noise
        ).sum()
        (gradient,) = torch.autograd.grad(cost, x)
        torch.testing.assert_close(gradient, torch.zeros_like(gradient), atol=1e-10, rtol=0)
