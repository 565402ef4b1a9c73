"""How likely tiles and patches are, and how much of its code an autoencoder uses."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import torch
from torch import Tensor

from plugins.vae.elbo import Bound, bits_per_dimension
from plugins.vae.images import VAE
from plugins.vae.patches import PatchVAE
from priorbench.numerics.patches import mean_log_likelihoods
from priorbench.priors import PatchPrior

from .selection import Row

SAMPLES = 64
"""Importance samples of a tile; those of a patch are a parameter of the prior."""
TILES_IN_A_BATCH = 256
BOUND, LIKELIHOOD, IMPORTANCE = (
    "evidence lower bound",
    "log-likelihood",
    "importance-weighted log-likelihood",
)
BITS = "bits per dimension"


def tile_rows(prior: str, model: VAE, tiles: Tensor) -> Iterator[Row]:
    """Yield what clean tiles, N × T × T, say of an autoencoder."""
    dimensions, count, of = model.tile_size**2 - 1, len(tiles), "held-out tiles"
    bound = Bound(model.network, model.dct, model.parameters).measure(
        torch.split(tiles, TILES_IN_A_BATCH)
    )
    code = model.code(tiles, 0.0)
    weighted = float(model.log_likelihood(tiles, SAMPLES).double().mean())
    yield from _in_both_units(prior, BOUND, of, "tile", bound["held_out_elbo"], dimensions, count)
    yield from _in_both_units(
        prior, IMPORTANCE, f"{of}, {SAMPLES} samples", "tile", weighted, dimensions, count
    )
    yield Row(
        prior,
        "divergence of the code",
        of,
        "nats per tile",
        float(code.divergence().sum(1).mean()),
        count,
    )
    active = bound["active_units"]
    # One tile has no variance.
    yield Row(
        prior,
        "active units",
        of,
        f"of {model.latent_size}",
        active if count > 1 else math.nan,
        count,
    )
    yield Row(
        prior, "decoder's standard deviation", of, "of 255", 255 * model.deviation(code.mean), count
    )


def patch_likelihoods(
    models: Mapping[str, PatchPrior], blocks: Sequence[Tensor]
) -> dict[str, np.ndarray]:
    """Return for each model the mean log p in nats of the patches of each image, each n × T²."""
    return {prior: mean_log_likelihoods(model.log_prob, blocks) for prior, model in models.items()}


def patch_rows(
    models: Mapping[str, PatchPrior],
    likelihoods: Mapping[str, np.ndarray],
    blocks: Sequence[Tensor],
) -> Iterator[Row]:
    """Yield the log-likelihood of patches under each model, each image with the same weight."""
    count = sum(map(len, blocks))
    for prior, model in models.items():
        own = isinstance(model, PatchVAE)
        quantity = IMPORTANCE if own else LIKELIHOOD
        of = "held-out patches" + (
            f", {model.parameters.samples} samples" if isinstance(model, PatchVAE) else ""
        )
        value = float(likelihoods[prior].mean())
        yield from _in_both_units(
            prior, quantity, of, "patch", value, model.patch_size**2 - 1, count
        )


def _in_both_units(
    prior: str, quantity: str, of: str, per: str, value: float, dimensions: int, count: int
) -> Iterator[Row]:
    yield Row(prior, quantity, of, f"nats per {per}", value, count)
    yield Row(prior, quantity, of, BITS, bits_per_dimension(value, dimensions), count)
