"""What the study claims, with its evidence."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

import pandas as pd

from priorbench.figures.style import family
from priorbench.results.statistics import pairwise_comparisons
from priorbench.studies import Claim, Estimate, Experiment, Verdict, in_words, together
from priorbench.studies.tables import select

from .variations import AS_RUN, TWICE, VARIATIONS

SOURCE = "priorbench, docs/explanation/solvers.md"
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
    verdicts: list[Verdict] = []
    for first, second in pairs:
        ahead = _difference(values[AS_RUN], first, second)
        if ahead.within(0) is None:
            continue
        if ahead.value < 0:
            first, second = second, first
            ahead = _difference(values[AS_RUN], first, second)
        apart += 1
        for variation in VARIATIONS:
            other = _difference(values[variation], first, second)
            # The order is kept if the sign is; that it is turned has to be significant.
            kept = True if other.value > 0 else other.within(0)
            verdicts.append(Verdict(kept, "", other, other.value))
            if not kept:
                names = " and ".join(map(experiment.catalogue.prior_label, (first, second)))
                change = f"{ahead.value:+.2f} to {other.value:+.2f} dB"
                turned.append(f"{names} with {variation} ({change})")
    images = len(values[AS_RUN])
    text = f"{where}: {apart} of {len(pairs)} pairs are told apart over {images} images"
    if not apart:
        return Verdict(None, text)
    text += f"; {len(turned)} of {apart * len(VARIATIONS)} change their order"
    return together(verdicts, f"{text}: {', '.join(turned)}" if turned else text)


def _difference(values: pd.DataFrame, first: str, second: str) -> Estimate:
    """Return the mean difference of two priors in dB.

    Its interval is corrected for all pairs of the column.
    """
    columns = list(values.columns)
    compared = pairwise_comparisons(values.to_numpy(), columns.index(second))
    index = columns.index(first)
    interval = float(compared.low[index]), float(compared.high[index])
    return Estimate(float(compared.difference[index]), interval, "dB")


def _settled(where: str, cell: pd.DataFrame, experiment: Experiment) -> Iterator[Verdict]:
    """Yield how much twice the steps change the mean of each mixture."""
    ran, twice = (_by_image(cell, variation) for variation in (AS_RUN, TWICE))
    for prior in map(str, ran.columns):
        # Without a splitting all variations are the same restoration.
        if family(prior) == "gmm" and (twice[prior] != ran[prior]).any():
            change = Estimate.of_mean(twice[prior] - ran[prior], "dB")
            label = experiment.catalogue.prior_label(prior)
            words = f"{where}, {label}: {change.value:+.3f} dB {in_words(change.interval, 3)}"
            yield change.verdict(words, -CONVERGED, CONVERGED)


def _by_image(cell: pd.DataFrame, variation: str) -> pd.DataFrame:
    """Return images × priors."""
    own = select(cell, variation=variation)
    return own.pivot(index="image", columns="prior", values="psnr")
