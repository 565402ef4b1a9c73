"""What the study claims, with its evidence."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd

from priorbench.report.figures.style import family
from priorbench.results import Claim, Results, every, in_words, inside
from priorbench.results.statistics import mean_interval, pairwise_comparisons

from .variations import AS_RUN, TWICE, VARIATIONS

SOURCE = "priorbench, docs/solvers.md"
CONVERGED = 0.05
"""Change of the mean PSNR in dB up to which a solver counts as converged."""
Verdict = tuple[str, bool | None]


def claims(measured: pd.DataFrame, results: Results) -> list[Claim]:
    """Return the claims with their verdicts.

    Args:
        measured: rows of :func:`.measure.measure`.
        results: labels.
    """
    order: list[Verdict] = []
    settled: list[Verdict] = []
    for names, cell in measured.groupby(["dataset", "task"], sort=False):
        where = f"{names[0]}, {results.catalogue.tasks.get(str(names[1]), names[1])}"
        order.append(_order(where, cell, results))
        settled += _settled(where, cell, results)
    return [
        _claim("The order of priors in this table does not depend on the solver", order),
        _claim(
            f"With twice the steps of EPLL no mixture's mean changes by more than {CONVERGED} dB",
            settled,
        ),
    ]


def _order(where: str, cell: pd.DataFrame, results: Results) -> Verdict:
    """Return whether pairs that are told apart keep their order in every variation."""
    values = {variation: _by_image(cell, variation) for variation in (AS_RUN, *VARIATIONS)}
    pairs = apart = 0
    turned: list[str] = []
    verdicts: list[bool | None] = []
    for first, second in combinations(values[AS_RUN].columns, 2):
        pairs += 1
        ran = _difference(values[AS_RUN], first, second)
        if ran.decided == 0:
            continue
        apart += 1
        for variation in VARIATIONS:
            other = _difference(values[variation], first, second)
            if np.sign(other.mean) == ran.decided:
                verdicts.append(True)
                continue
            verdicts.append(False if other.decided == -ran.decided else None)
            names = " and ".join(results.catalogue.prior_label(prior) for prior in (first, second))
            turned.append(f"{names} with {variation} ({ran.mean:+.2f} to {other.mean:+.2f} dB)")
    images = len(values[AS_RUN])
    text = f"{where}: {apart} of {pairs} pairs are told apart over {images} images"
    if not apart:
        return text, None
    text += f"; {len(turned)} of {apart * len(VARIATIONS)} change their order"
    return (f"{text}: {', '.join(turned)}" if turned else text), every(verdicts)


@dataclass(frozen=True)
class _Difference:
    """A mean difference in dB, and its sign where the test decides it, else 0."""

    mean: float
    decided: int


def _difference(values: pd.DataFrame, first: str, second: str) -> _Difference:
    """Compare two priors by the paired t test, corrected for all pairs of the column."""
    columns = list(values.columns)
    compared = pairwise_comparisons(values.to_numpy(), columns.index(second))
    index = columns.index(first)
    decided = 1 if compared.low[index] > 0 else -1 if compared.high[index] < 0 else 0
    return _Difference(float(compared.difference[index]), decided)


def _settled(where: str, cell: pd.DataFrame, results: Results) -> list[Verdict]:
    """Return how much twice the steps change the means of mixtures."""
    ran, twice = (_by_image(cell, variation) for variation in (AS_RUN, TWICE))
    found: list[Verdict] = []
    for prior in ran.columns:
        if family(str(prior)) != "gmm" or (twice[prior] == ran[prior]).all():
            continue
        change = (twice[prior] - ran[prior]).to_numpy()
        interval = mean_interval(change)
        label = results.catalogue.prior_label(str(prior))
        text = f"{where}, {label}: {change.mean():+.3f} dB {in_words(interval, 3)}"
        found.append((text, inside(interval, -CONVERGED, CONVERGED)))
    return found


def _by_image(cell: pd.DataFrame, variation: str) -> pd.DataFrame:
    """Return images × priors."""
    own = cell[cell["variation"] == variation]
    return own.pivot(index="image", columns="prior", values="psnr")


def _claim(statement: str, verdicts: list[Verdict]) -> Claim:
    return Claim(
        statement=statement,
        source=SOURCE,
        evidence="; ".join(text for text, _ in verdicts) or "no restoration used a splitting",
        holds=every(verdict for _, verdict in verdicts),
    )
