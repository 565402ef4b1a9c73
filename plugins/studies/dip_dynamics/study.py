"""Study ``dip-dynamics``: what does an untrained network fit first, and when should it stop?"""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
from torch import Tensor

from priorbench.data.tensors import to_tensor
from priorbench.data.transform import centre_crop
from priorbench.studies import Experiment, Findings
from priorbench.studies.images import NO_PHOTOGRAPH, first_photograph
from priorbench.studies.nothing import nothing_found
from priorbench.types import Image

from .claims import CLAIMS, claims_of
from .curves import impedance, stopping
from .figure import draw
from .networks import architectures, samples, seeds
from .runs import Row, Scale


def dynamics(experiment: Experiment) -> Findings:
    """Return the findings on the centre of the first test image, in gray.

    The table has a row for each number: ``part`` of the study, ``problem``, ``curve``,
    ``iteration`` (0 before the first), ``quantity`` with its unit, and ``value``; see
    :class:`.runs.Row`.
    """
    scale = Scale()
    photograph = first_photograph(experiment)
    if photograph is None:
        claims = [(text, source) for text, source, _ in CLAIMS]
        return nothing_found(Row._fields, claims, NO_PHOTOGRAPH)
    side = min(scale.size, *photograph.shape)
    table, pictures = measure(to_tensor(centre_crop(photograph, side, side)), scale)
    return Findings(table=table, figure=draw(table, pictures), claims=claims_of(table))


def measure(image: Image, scale: Scale) -> tuple[pd.DataFrame, Mapping[str, Tensor]]:
    """Return the numbers of all experiments, and samples of the untrained networks.

    Args:
        image: clean, 1 × 1 × H × W.
        scale: how much is computed.

    Returns:
        rows of :class:`.runs.Row`, and the samples by name, each H × W.
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
