"""Study ``bounds``: how much better could a prior denoise?"""

from __future__ import annotations

from priorbench.studies import Experiment, Findings

from .claims import claims
from .figure import draw
from .measure import measure
from .tables import summarise


def bounds(experiment: Experiment) -> Findings:
    """Return bounds on the PSNR of denoising, their figure, and verdicts on two sentences."""
    measured, scores = measure(experiment), experiment.by_image("psnr")
    table = summarise(measured, scores, experiment.catalogue)
    return Findings(
        table=table, figure=draw(table), claims=claims(measured, scores, experiment.catalogue)
    )
