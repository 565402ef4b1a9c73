"""Encoder, codebook, decoder, and the density of the codes."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from priorbench.networks.block_dct import BlockDCT
from priorbench.networks.tile_autoencoder import Decoded, TileAutoencoder

from .codebook import Codebook
from .codes import CodeNetwork
from .parameters import VQVAEParameters


@dataclass(frozen=True)
class Joint:
    """The two parts of log p(u, z) in nats.

    Args:
        of_tile: log p(u | z), N.
        of_codes: log p(z), N.
    """

    of_tile: Tensor
    of_codes: Tensor

    @property
    def total(self) -> Tensor:
        """The sum: log p(u) + log p(z | u), and so at most log p(u)."""
        return self.of_tile + self.of_codes


class CodedTiles(TileAutoencoder):
    """p(u, z) = p(u | z) p(z) of the block coefficients u of a tile and its grid z of codes.

    Args:
        dct: the coordinates; each block has a code.
        options: sizes of the networks and of the codebook.
    """

    def __init__(self, dct: BlockDCT, options: VQVAEParameters) -> None:
        entries, size = options.entries, options.code_size
        super().__init__(dct, dct.grid, size, size, options.width, options.depth)
        self.codebook = Codebook(entries, size, options.decay)
        self.codes = CodeNetwork(dct.grid, entries, size, options.codes_width, options.codes_layers)

    def encode(self, u: Tensor, noise_variance: Tensor) -> Tensor:
        """Return the numbers of the codes z(u), N × g × g.

        Args:
            u: noisy coefficients, N × b² × g × g.
            noise_variance: of each tile, N.
        """
        return self.codebook.quantised(self.told(u, noise_variance))

    def decode(self, index: Tensor) -> Decoded:
        """Return p(u | z) of code numbers, N × g × g."""
        return self.decoded(self.codebook.maps(index))

    def log_joint(self, u: Tensor, index: Tensor) -> Joint:
        """Return log p(u | z) and log p(z) of clean coefficients and code numbers."""
        return Joint(
            self.decode(index).log_prob(u, u.new_zeros(len(u))),
            self.codes.log_prob(index, self.codebook.vectors),
        )

    def draw(self, count: int, generator: torch.Generator) -> Tensor:
        """Return coefficients that are drawn from p, N × b² × g × g, of tiles without a mean."""
        index = self.codes.draw(count, self.codebook.vectors, generator)
        return self.decode(index).sample(generator)
