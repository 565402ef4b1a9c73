"""Encoder and decoder of tiles."""

from __future__ import annotations

from torch import Tensor

from priorbench.networks.block_dct import BlockDCT
from priorbench.networks.tile_autoencoder import Decoded, TileAutoencoder

from .density import Code
from .parameters import smallest_grid

WIDEST = 12.0
"""Bound on the logarithms of the codes' variances."""


class TileNetwork(TileAutoencoder):
    """Encoder q(z | u, s) and decoder p(u | z) of the block coefficients u of a tile.

    Kingma & Welling 2014, arXiv 1312.6114; s is the variance of the noise on u.

    Args:
        dct: the coordinates.
        latent_size: L, shared equally by the positions of the smallest map.
        width: channels.
        depth: residual blocks at each scale, on either side.
    """

    def __init__(self, dct: BlockDCT, latent_size: int, width: int, depth: int) -> None:
        least = smallest_grid(dct.size, dct.block)
        share = latent_size // least**2
        super().__init__(dct, least, 2 * share, share, width, depth)

    def encode(self, u: Tensor, noise_variance: Tensor) -> Code:
        """Return q(z | u, s).

        Args:
            u: noisy coefficients, N × b² × T/b × T/b.
            noise_variance: s of each tile, N.
        """
        mean, log_variance = self.told(u, noise_variance).chunk(2, dim=1)
        return Code(mean.flatten(1), log_variance.flatten(1).clamp(-WIDEST, WIDEST))

    def decode(self, z: Tensor) -> Decoded:
        """Return p(u | z)."""
        return self.decoded(z.view(len(z), -1, self.least, self.least))
