"""What is measured of an autoencoder of tiles."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice

import pandas as pd
import torch
from torch import Tensor

from plugins.vae.images import VAE

from .likelihoods import tile_rows
from .modes import problems_of, psnr_rows, restored
from .pictures import Pictures, pictures, sample
from .selection import centre, tiles_by_image
from .spectra import Blur, blur, blur_rows
from .table import Row


@dataclass(frozen=True)
class Scale:
    """How much is measured.

    Args:
        tiles: held-out tiles, and as many samples, of each autoencoder of tiles.
        blurred: images that are encoded and decoded.
        side: of these, at most.
        restored: images of which a crop is restored in each mode.
    """

    tiles: int = 250
    blurred: int = 6
    side: int = 512
    restored: int = 4


@dataclass(frozen=True)
class Studied:
    """What is known of one autoencoder of tiles.

    Args:
        label: its name in figures.
        rows: of the table.
        blur: its spectra.
        scores: task → PSNR in dB, images × the observation and the modes.
        pictures: what it makes.
    """

    label: str
    rows: list[Row]
    blur: Blur
    scores: Mapping[str, pd.DataFrame]
    pictures: Pictures


def measure(
    prior: str, label: str, model: VAE, images: Mapping[str, Tensor], scale: Scale
) -> Studied:
    """Return what is known of one autoencoder of tiles.

    Args:
        prior: its id.
        label: its name in figures.
        model: the autoencoder.
        images: clean, each H × W and as large as a tile.
        scale: how much is measured.
    """
    tiles = torch.cat(tiles_by_image(images.values(), model.tile_size, scale.tiles))
    samples = sample(model, scale.tiles)
    whole = [centre(image, scale.side) for image in islice(images.values(), scale.blurred)]
    found = blur(model, whole, tiles, samples)
    scores = restored(model, problems_of(dict(islice(images.items(), scale.restored))))
    rows = [*tile_rows(prior, model, tiles), *blur_rows(prior, found), *psnr_rows(prior, scores)]
    return Studied(label, rows, found, scores, pictures(model, tiles, samples))
