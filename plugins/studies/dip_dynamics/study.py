"""Study ``dip-dynamics``: what does an untrained network fit first, and when is it to be stopped?"""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
from torch import Tensor

from priorbench.data.tensors import to_array, to_tensor
from priorbench.data.transform import centre_crop, to_gray
from priorbench.results import Findings, Results
from priorbench.types import Image

from .claims import claims_of, undecided
from .curves import impedance, stopping
from .figure import draw, no_figure
from .networks import architectures, samples, seeds
from .runs import Row, Scale

SMALLEST = 32
"""Side of the image that the curves are measured on, at least."""

NO_IMAGE = f"no test image of {SMALLEST} × {SMALLEST} at least"


def dynamics(results: Results) -> Findings:
    """Return the findings on the centre of the first test image, in gray.

    The table has a row for each number: ``part`` of the study, ``problem``, ``curve``, ``iteration`` (0 before the
    first), ``quantity`` with its unit, and ``value``; see :class:`.dynamics_runs.Row`.
    """
    scale = Scale()
    image = first_image(results, scale.size)
    if image is None:
        return Findings(
            table=pd.DataFrame(columns=list(Row._fields)),
            figure=no_figure(NO_IMAGE),
            claims=undecided(NO_IMAGE),
        )
    table, pictures = measure(image, scale)
    return Findings(table=table, figure=draw(table, pictures), claims=claims_of(table))


def measure(image: Image, scale: Scale) -> tuple[pd.DataFrame, Mapping[str, Tensor]]:
    """Return the numbers of all experiments, and samples of the untrained networks, H × W, by name.

    Args:
        image: clean, 1 × 1 × H × W.
        scale: how much is computed.
    """
    sampled, pictures = samples(image.shape[-1])
    rows = [
        *impedance(image, scale),
        *stopping(image, scale),
        *architectures(image, scale),
        *seeds(image, scale),
        *sampled,
    ]
    return pd.DataFrame(rows), pictures


def first_image(results: Results, size: int) -> Image | None:
    """Return the centre of the first test image that is not too small, 1 × 1 × side × side, or None.

    Args:
        results: of the experiment.
        size: side in pixels, at most.
    """
    for dataset in results.catalogue.datasets:
        for image in results.material.test_images(dataset).values():
            side = min(size, *image.shape[-2:])
            if side >= SMALLEST:
                gray = to_gray(
                    to_array(image).squeeze(2) if image.shape[1] == 1 else to_array(image)
                )
                return to_tensor(centre_crop(gray, side, side))
    return None
