"""The vector-quantised autoencoder as a density of tiles: EPLL gives it every task."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from priorbench.networks.block_dct import BlockDCT
from priorbench.networks.learned import LearnedNetwork
from priorbench.networks.weights import loaded
from priorbench.numerics.patches import PatchSet
from priorbench.numerics.tiles import without_mean
from priorbench.priors import DrawsTiles, PatchPrior
from priorbench.types import Patches, Scores, Tiles

from .network import CodedTiles
from .objective import JointLikelihood
from .parameters import VQVAEParameters

TILES_IN_A_CHUNK = 1 << 11


class VQVAE(LearnedNetwork[CodedTiles], PatchPrior, DrawsTiles):
    """p(u) = Σ_z p(u | z) p(z) with u a tile without its mean and z its codes; the mean is flat.

    Args:
        **parameters: fields of :class:`VQVAEParameters`.

    Raises:
        ValueError: a parameter is unknown or out of range.
    """

    density = "bound"

    def __init__(self, **parameters: Any) -> None:
        self.parameters = VQVAEParameters(**parameters)
        super().__init__(self.parameters, self.parameters.tile_size)
        self.patch_size, self.stride = self.parameters.tile_size, self.parameters.stride
        self.dct = BlockDCT(self.parameters.tile_size, self.parameters.block)

    def build(self) -> CodedTiles:
        """Return the network with random weights and a codebook of zeros."""
        return CodedTiles(self.dct, self.parameters)

    def objective(self, network: CodedTiles) -> JointLikelihood:
        """Return the likelihood of tiles and codes."""
        return JointLikelihood(network, self.dct, self.parameters)

    def prepare(self, network: CodedTiles, drawn: PatchSet) -> None:
        """Set the spectrum of the tiles."""
        if len(drawn):
            network.spectrum.copy_(self.dct.spectrum(drawn))

    @torch.no_grad()
    def log_prob(self, patches: Patches) -> Scores:
        """Return log p(x, z(x)) in nats, N, on the D − 1 dimensions without the mean.

        It is log p(x) + log p(z(x) | x), with z(x) the encoder's codes: a lower bound on log p(x),
        which is reached where no other codes explain the tile.
        """
        found = []
        for chunk in torch.split(patches.float(), TILES_IN_A_CHUNK):
            network, u = self._coefficients(chunk)
            found.append(network.log_joint(u, network.encode(u, u.new_zeros(len(u)))).total)
        return torch.cat(found)

    @torch.no_grad()
    def map_estimate(self, patches: Patches, noise_variance: float) -> Patches:
        """Return argmax_x log p(x | z) − ‖x − y‖²/2s of each patch y, z the encoder's codes of y.

        Raises:
            ValueError: the noise variance is negative or not finite.
        """
        if not 0 <= noise_variance < math.inf:
            raise ValueError(
                f"noise_variance must be a finite number of at least 0, not {noise_variance}"
            )
        if noise_variance == 0:
            return patches.clone()
        estimates = []
        for chunk in torch.split(patches.float(), TILES_IN_A_CHUNK):
            network, u = self._coefficients(chunk)
            variance = u.new_full((len(u),), noise_variance)
            decoded = network.decode(network.encode(u, variance))
            tiles = without_mean(self.dct.tiles(decoded.estimate(u, variance)))
            estimates.append(tiles.flatten(1))
        return torch.cat(estimates).to(patches) + patches.mean(1, keepdim=True)

    @torch.no_grad()
    def reconstruct(self, tiles: Tiles) -> Tiles:
        """Return the decoder's means of the codes of clean tiles, N × T × T."""
        network, u = self._coefficients(tiles.flatten(1))
        decoded = network.decode(network.encode(u, u.new_zeros(len(u))))
        return without_mean(self.dct.tiles(decoded.mean)) + tiles.mean((1, 2), keepdim=True)

    @torch.no_grad()
    def sample_tiles(self, count: int, generator: torch.Generator) -> Tiles:
        """Return tiles drawn from p, N × T × T, with mean 0: codes one after the other, decoded."""
        chunks = torch.split(torch.arange(count), TILES_IN_A_CHUNK)
        return torch.cat(
            [self.dct.tiles(self.network.draw(len(chunk), generator)) for chunk in chunks]
        )

    def sample(self, count: int, generator: torch.Generator) -> Patches:
        """Return the same as patches, N × D."""
        return self.sample_tiles(count, generator).flatten(1)

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        """Take over the weights, the codebook and the spectrum.

        Raises:
            RuntimeError: one is missing, unknown or has the wrong shape.
            ValueError: one is not finite, the spectrum not positive, or a count negative.
        """
        network = loaded(self.build, state)
        if not (network.spectrum > 0).all():
            raise ValueError("spectrum must be positive")
        if not (network.codebook.counts >= 0).all():
            raise ValueError("codebook.counts must not be negative")
        self._network = network

    def _coefficients(self, patches: Patches) -> tuple[CodedTiles, Tensor]:
        """Return the network where the patches are, and their coefficients without their means."""
        size = self.patch_size
        network = self.network.to(patches.device)
        return network, self.dct.coefficients(without_mean(patches.view(-1, size, size)))
