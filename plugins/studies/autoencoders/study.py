"""Study ``vae``: how likely are photographs under an autoencoder, what does it blur, and how does it restore best?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice

import pandas as pd
import torch
from torch import Tensor

from plugins.vae.images import VAE
from plugins.vae.patches import PatchVAE
from priorbench.numerics.patches import probe_patches
from priorbench.report.figures.style import prior_marks
from priorbench.results import Findings, Results

from . import verdicts
from .figure import draw, no_figure
from .likelihoods import patch_likelihoods, patch_rows, tile_rows
from .modes import problems_of, psnr_rows, restored
from .pictures import Pictures, pictures, sample
from .selection import Row, centre, gray_images, patch_models, tile_models, tiles_by_image
from .spectra import Blur, blur, blur_rows

NOTHING = "no fitted autoencoder, or no test image as large as its tiles"


@dataclass(frozen=True)
class Scale:
    """How much is measured.

    Args:
        tiles: held-out tiles, and as many samples, of each autoencoder of tiles.
        blurred: images that are encoded and decoded.
        side: of these, at most.
        restored: images of which a crop is restored in each mode.
    """

    tiles: int = 500
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


@torch.no_grad()
def vae(results: Results, scale: Scale | None = None) -> Findings:
    """Return the findings on all fitted autoencoders.

    The table has a row for each number: ``prior``, ``quantity``, ``of`` what and how, ``unit``, ``value``, and
    ``n``, the number of tiles, patches, samples or images that it is the mean over. Densities are of tiles and
    patches without their mean. Tiles are spread evenly over the test images, patches are those of
    :func:`priorbench.numerics.patches.probe_patches`; whole images are the first
    few, crops are of the first few, and the noise on these is the same for all models.

    Args:
        results: of the experiment.
        scale: how much is measured; None for the usual.
    """
    scale = scale or Scale()
    images = gray_images(results)
    studied = {}
    for prior, model in tile_models(results).items():
        own = {name: image for name, image in images.items() if min(image.shape) >= model.tile_size}
        if own:
            studied[prior] = study(prior, results.catalogue.prior_label(prior), model, own, scale)
    rows = [row for one in studied.values() for row in one.rows]
    likelihoods = {}
    if models := patch_models(results):
        size = next(iter(models.values())).patch_size
        clean = {name: image[None, None] for name, image in images.items()}
        if blocks := list(probe_patches(clean, size).values()):
            likelihoods = patch_likelihoods(models, blocks)
            rows += patch_rows(models, likelihoods, blocks)
    bounds = {prior: " (at least)" for prior in likelihoods if isinstance(models[prior], PatchVAE)}
    labels = {
        prior: label + bounds.get(prior, "") for prior, label in results.catalogue.priors.items()
    }
    means = {prior: float(values.mean()) for prior, values in likelihoods.items()}
    return Findings(
        # The observation is the same for all models.
        table=pd.DataFrame(rows, columns=list(Row._fields)).drop_duplicates(ignore_index=True),
        figure=draw(list(studied.values()), means, labels, prior_marks(results.catalogue))
        if rows
        else no_figure(NOTHING),
        claims=verdicts.claims_of(
            (
                verdicts.joint_is_better({one.label: one.scores for one in studied.values()}),
                verdicts.reconstructions_are_blurred(
                    {one.label: one.blur.kept for one in studied.values()}
                ),
                verdicts.patches_are_likelier(results, likelihoods),
                verdicts.leaves_are_enough(results),
            )
        ),
    )


def study(
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
