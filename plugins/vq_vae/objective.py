"""What the autoencoder and the density of its codes are trained for, and what is measured."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor

from priorbench.networks.block_dct import BlockDCT
from priorbench.networks.tile_autoencoder import seen_through_noise
from priorbench.networks.training import Objective, Row
from priorbench.numerics.distributions import NEIGHBOURS, covered, sliced_distance
from priorbench.numerics.tiles import without_mean
from priorbench.priors import HELD_OUT_LOG_LIKELIHOOD

from .network import CodedTiles
from .parameters import VQVAEParameters


class JointLikelihood(Objective):
    r"""−(log p(u | e) + log p(z)) per dimension + β mean ‖z_e(u) − sg[e]‖²/E of tiles.

    Van den Oord, Vinyals & Kavukcuoglu 2017, arXiv 1711.00937, equation 3, with averages for the
    codebook, and with the density of the codes trained at once: codes are whole numbers, so that no
    gradient of theirs reaches the encoder. e is the entry nearest to what the encoder tells, z_e;
    its gradient is handed on to z_e as it is.

    Args:
        network: encoder, codebook, decoder, density of the codes.
        dct: the coordinates.
        options: β, noise.
    """

    network: CodedTiles
    criterion = HELD_OUT_LOG_LIKELIHOOD

    def __init__(self, network: CodedTiles, dct: BlockDCT, options: VQVAEParameters) -> None:
        self.network, self.dct, self.options = network, dct, options
        self.dimensions = dct.size**2 - 1

    def loss(self, tiles: Tensor, done: float, generator: torch.Generator) -> tuple[Tensor, Row]:
        """Return the loss of a batch and its parts; the codebook takes the batch in."""
        network, options = self.network, self.options
        seen, variance = seen_through_noise(tiles, options.noisy, options.sigma_max, generator)
        u = self.dct.coefficients(without_mean(seen))
        maps = network.told(u, variance)
        index = self._learned(maps.detach(), generator)
        entries = network.codebook.maps(index)
        handed_on = straight_through(maps, entries)
        of_tiles = network.decoded(handed_on).log_prob(u, variance).mean()
        commitment = (maps - entries).square().mean()
        # Codes of noisy tiles are not those of photographs.
        clean = index[variance == 0]
        of_codes = network.codes.log_prob(clean, network.codebook.vectors).sum() / max(
            1, len(clean)
        )
        loss = options.commitment * commitment - (of_tiles + of_codes) / self.dimensions
        numbers = {
            "train_log_likelihood": float((of_tiles + of_codes).detach()),
            "commitment": float(commitment.detach()),
        }
        return loss, numbers

    def _learned(self, maps: Tensor, generator: torch.Generator) -> Tensor:
        """Return the nearest entries, N × g × g, after dead ones moved and before all follow."""
        codebook = self.network.codebook
        z = maps.movedim(1, -1).flatten(0, 2)
        codebook.restart(z, generator)
        index = codebook.quantised(maps)
        entries = index.flatten()
        codebook.follow(z, entries)
        return index

    def measure(self, batches: Iterable[Tensor]) -> Row:
        """Return the bound on the log-likelihood of clean tiles, and how the codes are used.

        ``code_nats`` is −log p(z) in the mean, ``perplexity`` e to the entropy of the single codes,
        ``reconstruction_psnr`` that of the decoder's means. ``distance``, in gray levels of 255,
        ``precision`` and ``recall`` compare as many draws with the tiles, as for a GAN.
        """
        network, real, joints, indices, errors = self.network, [], [], [], []
        for tiles in batches:
            u = self.dct.coefficients(without_mean(tiles))
            index = network.encode(u, u.new_zeros(len(u)))
            joints.append(network.log_joint(u, index))
            errors.append((network.decode(index).mean - u).square().mean((1, 2, 3)))
            indices.append(index)
            real.append(without_mean(tiles))
        codes = torch.cat(indices)
        row = {
            HELD_OUT_LOG_LIKELIHOOD: _mean([joint.total for joint in joints]),
            "code_nats": -_mean([joint.of_codes for joint in joints]),
            "perplexity": perplexity(codes, len(network.codebook.counts)),
            "reconstruction_psnr": -10 * float(torch.cat(errors).double().mean().log10()),
        }
        return {**row, **self._of_draws(torch.cat(real).flatten(1))}

    def _of_draws(self, real: Tensor) -> Row:
        generator = torch.Generator().manual_seed(0)
        drawn = self.dct.tiles(self.network.draw(len(real), generator)).flatten(1)
        row = {"distance": sliced_distance(drawn, real)}
        if len(real) > NEIGHBOURS:
            row["precision"] = float(covered(drawn, real).float().mean())
            row["recall"] = float(covered(real, drawn).float().mean())
        return row


def straight_through(maps: Tensor, entries: Tensor) -> Tensor:
    """Return the entries, whose gradient is that of the maps."""
    return maps + (entries - maps).detach()


def perplexity(index: Tensor, entries: int) -> float:
    """Return e to the entropy of code numbers: the number of entries, if all are used alike."""
    share = torch.bincount(index.flatten(), minlength=entries).double() / index.numel()
    return float(torch.special.entr(share).sum().exp())


def _mean(values: list[Tensor]) -> float:
    return float(torch.cat(values).double().mean())
