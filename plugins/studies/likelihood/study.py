"""Study ``likelihood``: does a likelier patch model restore better?

The three questions of Zoran & Weiss, ICCV 2011, doi:10.1109/ICCV.2011.6126278.
"""

from __future__ import annotations

from priorbench.studies import Experiment, Findings

from .claims import claims
from .figure import draw
from .measure import comparable_models, measure
from .tables import summarise


def likelihood(experiment: Experiment) -> Findings:
    """Return the means of each model, their figure, and verdicts on five sentences of the paper.

    Without a Gaussian denoising task, patches are denoised at σ = 25/255 and what is said of whole
    images stays undecided.
    """
    models = comparable_models(experiment)
    measured = measure(experiment, models)
    dimensions = next(iter(models.values())).patch_size ** 2 - 1 if models else 0
    table = summarise(measured, dimensions, experiment.catalogue)
    figure = draw(table, experiment.catalogue)
    return Findings(table=table, figure=figure, claims=claims(measured, experiment))
