"""How much of each frequency is left after encoding and decoding, and how much samples have."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from plugins.vae.images import VAE
from priorbench.studies.spectra import OCTAVES, sum_in_rings

from .table import Row

BANDS = OCTAVES | {"1/4 to 1/2": 1 / 4}
"""Octaves of frequency by name, with the lowest frequency of each, in cycles per pixel."""
EDGES = (*BANDS.values(), 1 / 2)
RINGS = tuple(float(edge) for edge in 2.0 ** np.arange(-6, -0.9, 1 / 3))
"""Edges of the rings that curves are drawn of: three an octave, in cycles per pixel."""
ORIGINALS, RECONSTRUCTIONS = "originals", "reconstructions"
MEANS, NOISY = "samples, decoder's means", "samples, with the decoder's noise"


@dataclass(frozen=True)
class Blur:
    """Spectra of photographs and of what a model makes.

    Args:
        images: mean power density of whole images in each of :data:`RINGS`, of originals and
            reconstructions.
        tiles: of tiles, of originals and both kinds of samples.
        kept: share of the original's power that the reconstruction has, images × :data:`BANDS`.
        sampled: for both kinds of samples, their power in each of :data:`BANDS`, as a share of that
            of original tiles.
        count: of samples.
    """

    images: Mapping[str, np.ndarray]
    tiles: Mapping[str, np.ndarray]
    kept: np.ndarray
    sampled: Mapping[str, np.ndarray]
    count: int


def blur(
    model: VAE, images: Sequence[Tensor], tiles: Tensor, samples: Mapping[str, Tensor]
) -> Blur:
    """Compare spectra.

    Args:
        model: the autoencoder.
        images: clean, each H × W.
        tiles: clean, N × T × T.
        samples: of the model, by kind, each N × T × T.
    """
    reconstructed = [model.reconstruct(image)[0] for image in images]
    originals = tiles - tiles.mean((1, 2), keepdim=True)
    octaves = ring_power(originals, EDGES).mean(0)
    kinds = {ORIGINALS: originals, **samples}
    return Blur(
        images={ORIGINALS: _mean_power(images), RECONSTRUCTIONS: _mean_power(reconstructed)},
        tiles={name: _mean_power([own]) for name, own in kinds.items()},
        kept=np.stack([kept(*pair) for pair in zip(images, reconstructed, strict=True)]),
        sampled={
            name: (ring_power(own, EDGES).mean(0) / octaves).numpy()
            for name, own in samples.items()
        },
        count=len(tiles),
    )


def blur_rows(prior: str, found: Blur) -> Iterator[Row]:
    """Yield the shares of power."""
    for band, shares in zip(BANDS, found.kept.T, strict=True):
        own = shares[np.isfinite(shares)]
        if len(own):
            of = f"reconstructed images, {band} cycles per pixel"
            yield Row(prior, "power kept", of, "of 1", float(own.mean()), len(own))
    for name, shares in found.sampled.items():
        for band, share in zip(BANDS, shares.tolist(), strict=True):
            if np.isfinite(share):
                of = f"{name}, {band} cycles per pixel"
                yield Row(prior, "power beside that of tiles", of, "of 1", share, found.count)


def kept(original: Tensor, other: Tensor) -> np.ndarray:
    """Return the power of another picture in each of :data:`BANDS`, divided by the original's."""
    power = ring_power(torch.stack([original, other]), EDGES)
    return (power[1] / power[0]).numpy()


def ring_power(pictures: Tensor, edges: Sequence[float]) -> Tensor:
    """Return the mean power density of pictures, N × H × W, in rings of frequency.

    A Hann window keeps the jump between opposite borders out of the high frequencies. White noise
    of variance s has the density s.

    Args:
        pictures: all of one size; their means are taken away.
        edges: of the rings, rising, in cycles per pixel.

    Returns:
        N × rings; NaN where a ring holds no frequency.
    """
    window = torch.outer(*map(_hann, pictures.shape[1:]))
    centred = pictures.double() - pictures.double().mean((1, 2), keepdim=True)
    power = torch.fft.fft2(window * centred).abs().square() / window.square().sum()
    # Frequencies in each ring; below the first edge and above the last one are cut off.
    counts = sum_in_rings(torch.ones_like(power[:1]), edges, closed_below=True)
    return (sum_in_rings(power, edges, closed_below=True) / counts)[:, 1:-1]


def _hann(length: int) -> Tensor:
    return torch.hann_window(length + 1, dtype=torch.float64)[1:]


def _mean_power(pictures: Sequence[Tensor]) -> np.ndarray:
    """Return the mean over pictures, each H × W or N × H × W, of the power in :data:`RINGS`."""
    power = torch.cat([ring_power(own if own.ndim == 3 else own[None], RINGS) for own in pictures])
    return power.nanmean(0).numpy()
