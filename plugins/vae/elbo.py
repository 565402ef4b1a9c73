"""The evidence lower bound, and what is measured of it."""

from __future__ import annotations

import math
from collections.abc import Iterable

import torch
from torch import Tensor

from priorbench.networks.block_dct import BlockDCT
from priorbench.networks.tile_autoencoder import seen_through_noise
from priorbench.networks.training import Objective, Row
from priorbench.numerics.tiles import without_mean

from .network import TileNetwork
from .parameters import AutoEncoderParameters

ACTIVE = 0.01
"""Variance over tiles of a latent dimension's mean from which on it is in use.

Burda, Grosse & Salakhutdinov 2016, arXiv 1509.00519.
"""


class Bound(Objective):
    """−E_q[log p(u | z)] + β KL(q(z | u) ‖ N(0, 1)) of tiles, in nats per dimension.

    The tiles have no means. Some are seen through noise, whose variance encoder and decoder take
    into account: that is the bound on the noisy tile's likelihood under the same model.

    Args:
        network: encoder and decoder.
        dct: the coordinates.
        options: β, its warm-up, free bits, noise.
    """

    network: TileNetwork
    criterion = "held_out_elbo"

    def __init__(self, network: TileNetwork, dct: BlockDCT, options: AutoEncoderParameters) -> None:
        self.network, self.dct, self.options = network, dct, options
        self.dimensions = dct.size**2 - 1

    def loss(self, tiles: Tensor, done: float, generator: torch.Generator) -> tuple[Tensor, Row]:
        """Return the loss of a batch, its mean bound and its mean divergence in nats."""
        options = self.options
        seen, variance = seen_through_noise(tiles, options.noisy, options.sigma_max, generator)
        u = self.dct.coefficients(without_mean(seen))
        code = self.network.encode(u, variance)
        standard = torch.randn(code.mean.shape, generator=generator).to(tiles.device)
        log_prob = self.network.decode(code.at(standard)).log_prob(u, variance).mean()
        divergence = code.divergence().mean(0)
        weight = options.beta * min(1.0, done / options.warm_up if options.warm_up else 1.0)
        paid = divergence.clamp(min=options.free_bits).sum()
        total = float(divergence.detach().sum())
        numbers = {"train_elbo": float(log_prob.detach()) - total, "divergence": total}
        return (weight * paid - log_prob) / self.dimensions, numbers

    def measure(self, batches: Iterable[Tensor]) -> Row:
        """Return the bound on clean tiles in nats and bits, and the active dimensions."""
        generator = torch.Generator().manual_seed(0)
        bounds, means = [], []
        for tiles in batches:
            u = self.dct.coefficients(without_mean(tiles))
            variance = u.new_zeros(len(u))
            code = self.network.encode(u, variance)
            standard = torch.randn(code.mean.shape, generator=generator).to(u.device)
            bound = self.network.decode(code.at(standard)).log_prob(
                u, variance
            ) - code.divergence().sum(1)
            bounds.append(bound.double())
            means.append(code.mean)
        elbo = float(torch.cat(bounds).mean())
        active = int((torch.cat(means).var(0, correction=0) > ACTIVE).sum())
        bits = bits_per_dimension(elbo, self.dimensions)
        return {"held_out_elbo": elbo, "bits_per_dimension": bits, "active_units": active}


def bits_per_dimension(nats: float, dimensions: int) -> float:
    """Return −log₂ of the probability of a tile of 8-bit pixels, per dimension.

    The probability of a pixel is its density on [0, 1] times 1/255.
    """
    return (math.log(255) - nats / dimensions) / math.log(2)
