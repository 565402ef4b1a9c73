"""Study ``vae``: how likely are photographs under an autoencoder, and how does it restore best?"""

from __future__ import annotations

import torch

from plugins.vae.patches import PatchVAE
from priorbench.figures.canvas import nothing_to_draw
from priorbench.figures.style import WIDTH, prior_marks
from priorbench.numerics.patches import probe_patches
from priorbench.studies import Experiment, Findings
from priorbench.studies.tables import frame

from .claims import claims_of
from .figure import draw
from .likelihoods import patch_likelihoods, patch_rows
from .measure import Scale, measure
from .selection import comparable_models, gray_images, tile_models
from .table import Row

NOTHING = "no fitted autoencoder, or no test image as large as its tiles"


@torch.no_grad()
def vae(experiment: Experiment, scale: Scale | None = None) -> Findings:
    """Return the findings on all fitted autoencoders.

    Densities are of tiles and patches without their mean. Tiles are spread evenly over the test
    images, patches are those of :func:`priorbench.numerics.patches.probe_patches`; whole images are
    the first few, crops are of the first few, and the noise on these is the same for all models.

    Args:
        experiment: the experiment.
        scale: how much is measured; None for the usual.
    """
    labels = dict(experiment.catalogue.priors)
    images = gray_images(experiment)
    studied = []
    for prior, model in tile_models(experiment).items():
        own = {name: image for name, image in images.items() if min(image.shape) >= model.tile_size}
        if own:
            studied.append(measure(prior, labels[prior], model, own, scale or Scale()))
    rows = [row for one in studied for row in one.rows]
    likelihoods = {}
    if models := comparable_models(experiment):
        size = next(iter(models.values())).patch_size
        clean = {name: image[None, None] for name, image in images.items()}
        if blocks := list(probe_patches(clean, size).values()):
            likelihoods = patch_likelihoods(models, blocks)
            rows += patch_rows(models, likelihoods, blocks)
    for prior in likelihoods:
        if isinstance(models[prior], PatchVAE):
            labels[prior] += " (at least)"
    means = {prior: float(values.mean()) for prior, values in likelihoods.items()}
    if rows:
        figure = draw(studied, means, labels, prior_marks(experiment.catalogue))
    else:
        figure = nothing_to_draw(WIDTH, NOTHING)
    # The observation is the same for all models.
    table = frame(Row, rows).drop_duplicates(ignore_index=True)
    claims = claims_of(experiment, studied, likelihoods)
    return Findings(table=table, figure=figure, claims=claims)
