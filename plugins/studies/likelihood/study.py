"""Study ``likelihood``: does a likelier patch model restore better?

The three questions of Zoran & Weiss, ICCV 2011, doi:10.1109/ICCV.2011.6126278.
"""

from __future__ import annotations

from priorbench.results import Findings, Results

from .claims import claims
from .figure import draw
from .measure import measure, patch_models
from .tables import summarise


def likelihood(results: Results) -> Findings:
    """Return the table of :func:`.tables.summarise`, its figure, and verdicts on five sentences of the paper.

    Without a Gaussian denoising task, patches are denoised at σ = 25/255 and what is said of whole images stays
    undecided.
    """
    models = patch_models(results)
    measured = measure(results, models)
    dimensions = next(iter(models.values())).patch_size ** 2 - 1 if models else 0
    table = summarise(measured, dimensions, results.catalogue)
    return Findings(
        table=table, figure=draw(table, results.catalogue), claims=claims(measured, results)
    )
