"""A variational autoencoder of tiles: its training, its likelihood, its estimates."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, ClassVar

import torch
from torch import Tensor

from priorbench.networks.block_dct import BlockDCT
from priorbench.networks.learned import LearnedNetwork
from priorbench.networks.tile_autoencoder import Decoded
from priorbench.networks.weights import loaded
from priorbench.numerics.patches import PatchSet
from priorbench.numerics.tiles import without_mean

from .density import Code
from .elbo import Bound
from .network import TileNetwork
from .parameters import AutoEncoderParameters

TILES_IN_A_CHUNK = 1 << 12


class AutoEncoder(LearnedNetwork[TileNetwork]):
    """log p(u) = log ∫ p(u | z) N(z; 0, 1) dz with u a tile without its mean; the mean is flat.

    Args:
        **parameters: fields of :attr:`Parameters`.

    Raises:
        ValueError: a parameter is unknown or out of range.
    """

    Parameters: ClassVar[type[AutoEncoderParameters]] = AutoEncoderParameters

    def __init__(self, **parameters: Any) -> None:
        self.parameters = self.Parameters(**parameters)
        super().__init__(self.parameters, self.parameters.tile_size)
        self.dct = BlockDCT(self.parameters.tile_size, self.parameters.block)

    def build(self) -> TileNetwork:
        """Return encoder and decoder with random weights."""
        options = self.parameters
        return TileNetwork(self.dct, options.latent_size, options.width, options.depth)

    def objective(self, network: TileNetwork) -> Bound:
        """Return the evidence lower bound."""
        return Bound(network, self.dct, self.parameters)

    def prepare(self, network: TileNetwork, drawn: PatchSet) -> None:
        """Set the spectrum of the tiles."""
        network.spectrum.copy_(self.dct.spectrum(drawn))

    def code(self, tiles: Tensor, noise_variance: float) -> Code:
        """Return q(z | u, s) of noisy tiles, N × T × T."""
        network = self.network.to(tiles.device)
        return network.encode(
            self.dct.coefficients(without_mean(tiles)),
            tiles.new_full((len(tiles),), noise_variance),
        )

    def decoded(self, z: Tensor) -> Decoded:
        """Return p(u | z)."""
        return self.network.to(z.device).decode(z)

    def estimate(self, tiles: Tensor, noise_variance: float, steps: int = 0) -> Tensor:
        """Return the means of clean tiles given noisy ones, N × T × T, and their codes.

        Args:
            tiles: with white noise.
            noise_variance: its variance s > 0.
            steps: gradient steps from the encoder's code towards argmax_z log p(u | z, s) + log
                p(z).
        """
        means = tiles.mean((1, 2), keepdim=True)
        estimates = []
        for chunk in torch.split(tiles, TILES_IN_A_CHUNK):
            u = self.dct.coefficients(without_mean(chunk))
            variance = u.new_full((len(u),), noise_variance)
            z = self._climb(self.network.to(u.device).encode(u, variance), u, variance, steps)
            estimates.append(without_mean(self.dct.tiles(self.decoded(z).estimate(u, variance))))
        return torch.cat(estimates) + means

    @torch.no_grad()
    def log_likelihood(self, tiles: Tensor, samples: int) -> Tensor:
        """Return a lower bound on log p of each tile in nats, on T² − 1 dimensions, N.

        log 1/S Σₛ p(u | zₛ) p(zₛ) / q(zₛ | u) with zₛ from the encoder: in the mean below log p and
        rising to it with S (Burda, Grosse & Salakhutdinov 2016, arXiv 1509.00519). The same tile
        always gives the same.

        Args:
            tiles: clean, N × T × T.
            samples: S.
        """
        return torch.cat(
            [self._importance(chunk, samples) for chunk in torch.split(tiles, TILES_IN_A_CHUNK)]
        )

    def _importance(self, tiles: Tensor, samples: int) -> Tensor:
        code = self.code(tiles, 0.0)
        u = self.dct.coefficients(without_mean(tiles))
        variance, generator = u.new_zeros(len(u)), torch.Generator().manual_seed(0)
        total = u.new_full((len(u),), -math.inf)
        for _ in range(samples):
            # One sample for all tiles, so that a tile's score does not hang on the others beside
            # it.
            standard = (
                torch.randn(code.mean.shape[1], generator=generator)
                .to(u.device)
                .expand_as(code.mean)
            )
            weight = self.decoded(code.at(standard)).log_prob(u, variance) + code.log_ratio(
                standard
            )
            total = torch.logaddexp(total, weight)
        return total - math.log(samples)

    def _climb(self, code: Code, u: Tensor, variance: Tensor, steps: int) -> Tensor:
        """Return codes after gradient steps that the encoder's own variances scale."""
        z, metric = code.mean, code.log_variance.exp()
        for _ in range(steps):
            with torch.enable_grad():
                z = z.detach().requires_grad_()
                posterior = self.decoded(z).log_prob(u, variance) - 0.5 * z.square().sum(1)
                (gradient,) = torch.autograd.grad(posterior.sum(), z)
            z = z + 0.3 * metric * gradient
        return z.detach()

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        """Take over the weights and the spectrum.

        Raises:
            RuntimeError: one is missing, unknown or has the wrong shape.
            ValueError: one is not finite, or the spectrum not positive.
        """
        network = loaded(self.build, state)
        if not (network.spectrum > 0).all():
            raise ValueError("spectrum must be positive")
        self._network = network
