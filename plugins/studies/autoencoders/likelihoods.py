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

from .table import Row

SAMPLES = 32
"""Importance samples of a tile; those of a patch are a parameter of the prior."""
TILES_IN_A_BATCH = 256
BOUND = "evidence lower bound"
LIKELIHOOD = "log-likelihood"
IMPORTANCE = "importance-weighted log-likelihood"
BITS = "bits per dimension"


def tile_rows(prior: str, model: VAE, tiles: Tensor) -> Iterator[Row]:
    """Yield what clean tiles, N × T × T, say of an autoencoder."""
    dimensions, count, of = model.tile_size**2 - 1, len(tiles), "held-out tiles"
    batches = torch.split(tiles, TILES_IN_A_BATCH)
    bound = Bound(model.network, model.dct, model.parameters).measure(batches)
    code = model.code(tiles, 0.0)
    weighted = float(model.log_likelihood(tiles, SAMPLES).double().mean())
    elbo = Row(prior, BOUND, of, "nats per tile", bound["held_out_elbo"], count)
    importance = f"{of}, {SAMPLES} samples"
    yield from _in_both_units(elbo, dimensions)
    yield from _in_both_units(
        elbo._replace(quantity=IMPORTANCE, of=importance, value=weighted), dimensions
    )
    divergence = float(code.divergence().sum(1).mean())
    yield Row(prior, "divergence of the code", of, "nats per tile", divergence, count)
    # One tile has no variance.
    active = bound["active_units"] if count > 1 else math.nan
    yield Row(prior, "active units", of, f"of {model.latent_size}", active, count)
    deviation = 255 * model.deviation(code.mean)
    yield Row(prior, "decoder's standard deviation", of, "of 255", deviation, count)


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
        quantity, of = LIKELIHOOD, "held-out patches"
        if isinstance(model, PatchVAE):
            quantity, of = IMPORTANCE, f"{of}, {model.parameters.samples} samples"
        value = float(likelihoods[prior].mean())
        row = Row(prior, quantity, of, "nats per patch", value, count)
        yield from _in_both_units(row, model.patch_size**2 - 1)


def _in_both_units(row: Row, dimensions: int) -> Iterator[Row]:
    """Yield a row in nats, and in bits per dimension."""
    yield row
    yield row._replace(unit=BITS, value=bits_per_dimension(row.value, dimensions))
