"""What the study claims, with its evidence."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

import numpy as np
import pandas as pd

from priorbench.figures.style import family
from priorbench.results.statistics import pairwise_comparisons
from priorbench.studies import Claim, Estimate, Experiment, Verdict, every, in_words, together
from priorbench.studies.tables import select

from .variations import AS_RUN, TWICE, VARIATIONS

SOURCE = "priorbench, docs/solvers.md"
CONVERGED = 0.05
"""Change of the mean PSNR in dB up to which a solver counts as converged."""


def claims(measured: pd.DataFrame, experiment: Experiment) -> list[Claim]:
    """Return the claims with their verdicts.

    Args:
        measured: rows of :func:`.measure.measure`.
        experiment: labels of priors and tasks.
    """
    order: list[Verdict] = []
    settled: list[Verdict] = []
    catalogue = experiment.catalogue
    for names, cell in measured.groupby(["dataset", "task"], sort=False):
        where = f"{names[0]}, {catalogue.tasks.get(str(names[1]), names[1])}"
        order.append(_order(where, cell, experiment))
        settled += _settled(where, cell, experiment)
    statements = {
        "The order of priors in this table does not depend on the solver": order,
        f"With twice the steps of EPLL no mixture's mean changes by more than {CONVERGED} dB": (
            settled
        ),
    }
    return [
        Claim.judged(text, SOURCE, together(verdicts, "no restoration used a splitting"))
        for text, verdicts in statements.items()
    ]


def _order(where: str, cell: pd.DataFrame, experiment: Experiment) -> Verdict:
    """Return whether pairs that are told apart keep their order in every variation."""
    values = {variation: _by_image(cell, variation) for variation in (AS_RUN, *VARIATIONS)}
    pairs = list(combinations(values[AS_RUN].columns, 2))
    apart = 0
    turned: list[str] = []
    verdicts: list[bool | None] = []
    for pair in pairs:
        mean, decided = _difference(values[AS_RUN], *pair)
        if decided == 0:
            continue
        apart += 1
        for variation in VARIATIONS:
            other, other_decided = _difference(values[variation], *pair)
            # The order is kept if the sign is; that it is turned has to be significant.
            if np.sign(other) == decided:
                verdicts.append(True)
                continue
            verdicts.append(False if other_decided == -decided else None)
            names = " and ".join(map(experiment.catalogue.prior_label, pair))
            turned.append(f"{names} with {variation} ({mean:+.2f} to {other:+.2f} dB)")
    images = len(values[AS_RUN])
    text = f"{where}: {apart} of {len(pairs)} pairs are told apart over {images} images"
    if not apart:
        return Verdict(None, text)
    text += f"; {len(turned)} of {apart * len(VARIATIONS)} change their order"
    return Verdict(every(verdicts), f"{text}: {', '.join(turned)}" if turned else text)


def _difference(values: pd.DataFrame, first: str, second: str) -> tuple[float, int]:
    """Return the mean difference of two priors in dB, and its sign, 0 where it is not decided.

    The paired t test that decides is corrected for all pairs of the column.
    """
    columns = list(values.columns)
    compared = pairwise_comparisons(values.to_numpy(), columns.index(second))
    index = columns.index(first)
    decided = 1 if compared.low[index] > 0 else -1 if compared.high[index] < 0 else 0
    return float(compared.difference[index]), decided


def _settled(where: str, cell: pd.DataFrame, experiment: Experiment) -> Iterator[Verdict]:
    """Yield how much twice the steps change the mean of each mixture."""
    ran, twice = (_by_image(cell, variation) for variation in (AS_RUN, TWICE))
    for prior in map(str, ran.columns):
        # Without a splitting all variations are the same restoration.
        if family(prior) == "gmm" and (twice[prior] != ran[prior]).any():
            change = Estimate.of_mean(twice[prior] - ran[prior])
            label = experiment.catalogue.prior_label(prior)
            words = f"{where}, {label}: {change.value:+.3f} dB {in_words(change.interval, 3)}"
            yield Verdict(change.within(-CONVERGED, CONVERGED), words)


def _by_image(cell: pd.DataFrame, variation: str) -> pd.DataFrame:
    """Return images × priors."""
    own = select(cell, variation=variation)
    return own.pivot(index="image", columns="prior", values="psnr")
