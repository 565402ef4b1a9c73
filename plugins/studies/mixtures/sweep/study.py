"""Study ``gmm-sweep``: does a likelier patch prior restore better?"""

from __future__ import annotations

from priorbench.studies import Experiment, Findings

from .claims import likelihood_rises, psnr_rises
from .figure import Panel, draw
from .measure import EFFECTIVE, LIKELIHOOD, image_likelihoods, psnr_column, sweep_table, variants


def sweep(experiment: Experiment) -> Findings:
    """Return the findings of the sweep over K; the table is that of :func:`.measure.sweep_table`.

    A mean is over the images that every mixture restored, so that all of a column's numbers are
    comparable.
    """
    likelihoods = image_likelihoods(experiment)
    scores = experiment.by_image("psnr", list(likelihoods)) if likelihoods else {}
    table = sweep_table(experiment, likelihoods, scores)
    kinds = variants([experiment.parameters[prior] for prior in table["prior"]])
    panels = [
        Panel(LIKELIHOOD, "log-likelihood of test patches", "nats per patch"),
        Panel(EFFECTIVE, "effective number of components", "exp H(π)"),
    ]
    claims = [likelihood_rises(table, kinds, likelihoods)]
    for (dataset, task), values in scores.items():
        title = f"{experiment.catalogue.tasks[task]}\n{dataset}"
        panels.append(Panel(psnr_column(dataset, task), title, "mean PSNR (dB)"))
        claims.append(psnr_rises(table, values, f"{task} on {dataset}"))
    return Findings(table=table, figure=draw(table, kinds, panels), claims=claims)
