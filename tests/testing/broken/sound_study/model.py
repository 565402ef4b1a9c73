"""Sound: the mean PSNR of each prior."""

import pandas as pd
from matplotlib.figure import Figure

from priorbench.studies import Claim, Estimate, Findings

STATEMENT = "Restorations have more than 10 dB."


def Model(experiment):
    values = pd.Series(experiment.scores["value"], dtype=float)
    table = experiment.scores.groupby("prior")["value"].mean().reset_index()
    return Findings(table=table, figure=drawn(table), claims=[judged(values)])


def drawn(table):
    figure = Figure()
    figure.subplots().plot(range(len(table)), table["value"])
    return figure


def judged(values):
    mean = Estimate.of_mean(values, "dB")
    verdict = mean.verdict(f"{len(values)} scores", 10)
    return Claim.judged(STATEMENT, "a test", verdict)
