"""Verdicts of ``dip-dynamics`` on what is fitted first, and on when to stop."""

from __future__ import annotations

import math
from itertools import pairwise

import pandas as pd

from priorbench.studies import Estimate, Verdict, together
from priorbench.studies.tables import select

from .bands import BANDS
from .curves import (
    ESTIMATE,
    IMAGE,
    IMPEDANCE,
    NOISE,
    NOISY,
    ORACLE,
    OUTPUT,
    RULES,
    SHUFFLED,
    SPECTRUM,
    STOPPING,
    TARGETS,
    TRAJECTORY,
    chosen,
)
from .runs import DENOISING, FIT

FITTED = 0.05
"""Loss, as a part of the target's variance, at which the target counts as fitted."""
MUCH = 3.0
"""How many times as many iterations noise has to take."""
TURN = 0.5
"""Rise and fall in dB that make a peak."""
ALLOWED = 0.3
"""Loss of the best stopping rule against the peak, in dB."""
HALF = 0.5
"""Relative error at which a band counts as fitted."""


def reached(table: pd.DataFrame, part: str, problem: str, curve: str, level: float) -> float:
    """Return the first iteration at which a curve is at most at a level, infinite if none is."""
    own = select(table, part=part, problem=problem, curve=curve)
    low = own.loc[own["value"] <= level, "iteration"]
    return float(low.min()) if len(low) else math.inf


def sooner(table: pd.DataFrame) -> Verdict:
    """Return whether the image is fitted before the image with noise."""
    found = _fitted(table)
    words = _fitted_words(table, found)
    if not math.isfinite(found[IMAGE]):
        return Verdict(None, words)
    return Verdict(found[IMAGE] < found[NOISY], words, _times(table, found, NOISY))


def noise_impedance(table: pd.DataFrame) -> Verdict:
    """Return whether shuffled pixels and noise take :data:`MUCH` times as long as the image."""
    found = _fitted(table)
    words = _fitted_words(table, found)
    if not math.isfinite(found[IMAGE]):
        return Verdict(None, words)
    verdicts = []
    factors = []
    for name in (SHUFFLED, NOISE):
        times = _times(table, found, name)
        known = math.isfinite(times.value)
        least = times.value if known else times.interval[0]
        holds = least >= MUCH
        # What was not reached may take as long as it needs.
        verdicts.append(Verdict(holds or (False if known else None), "", times, least))
        factors.append(f"{name} {'' if known else '> '}{least:.1f} times")
    return together(verdicts, f"{words}; {', '.join(factors)} as many as the image")


def peak(table: pd.DataFrame) -> Verdict:
    """Return whether the PSNR of the output rises and falls again."""
    curve, averages = _trajectory(table, OUTPUT), _trajectory(table, ESTIMATE)
    first, top, last = float(curve.iloc[0]), float(curve.max()), float(curve.iloc[-1])
    turn = min(top - first, top - last)
    return Verdict(
        turn >= TURN,
        f"PSNR of the output: {first:.2f} dB after {curve.index[0]} iterations, {top:.2f} dB after "
        f"{curve.idxmax()}, {last:.2f} dB after {curve.index[-1]}; of the average of the outputs "
        f"at most {averages.max():.2f} dB after {averages.idxmax()}, {averages.iloc[-1]:.2f} dB in "
        "the end",
        Estimate(turn, unit="dB"),
    )


def best_rule(table: pd.DataFrame) -> Verdict:
    """Return whether a stopping rule comes close to the peak."""
    picked = chosen(table)
    at, best = picked[ORACLE]
    losses = {rule: best - picked[rule][1] for rule in RULES}
    words = ", ".join(
        f"{rule} {loss:.2f} dB (iteration {picked[rule][0]})" for rule, loss in losses.items()
    )
    least = min(losses.values())
    evidence = f"peak {best:.2f} dB (iteration {at}); below it: {words}"
    return Verdict(least <= ALLOWED, evidence, Estimate(least, unit="dB"))


def spectral_bias(table: pd.DataFrame) -> Verdict:
    """Return whether the bands of the clean image are fitted from low to high."""
    clean, noisy = (
        {band: reached(table, SPECTRUM, problem, band, HALF) for band in BANDS}
        for problem in (FIT, DENOISING)
    )
    last = _last(table, SPECTRUM)
    evidence = (
        f"the relative error in a band, in cycles per pixel, falls to {HALF:g}: "
        f"clean image {_when(clean, last)}; noisy image {_when(noisy, last)}"
    )
    when = list(clean.values())
    # Bands that are never fitted are infinitely late, and may tie.
    if not math.isfinite(when[0]):
        return Verdict(None, evidence)
    holds = when == sorted(when) and when[0] < when[-1]
    # Two bands that are never fitted have no ratio.
    times = [high / low for low, high in pairwise(when) if math.isfinite(low)]
    least = Estimate(min(times), unit="times the iterations of the band below")
    return Verdict(holds, evidence, least if math.isfinite(least.value) else None)


def _fitted(table: pd.DataFrame) -> dict[str, float]:
    """Return the iteration at which each target was fitted."""
    return {name: reached(table, IMPEDANCE, FIT, name, FITTED) for name in TARGETS}


def _times(table: pd.DataFrame, found: dict[str, float], name: str) -> Estimate:
    """Return how many times the iterations of the image a target takes."""
    ratio, unit = found[name] / found[IMAGE], "times the iterations of the image"
    if math.isfinite(ratio):
        return Estimate(ratio, unit=unit)
    # What was not reached takes longer than there were iterations.
    return Estimate(math.nan, (_last(table, IMPEDANCE) / found[IMAGE], math.inf), unit)


def _fitted_words(table: pd.DataFrame, found: dict[str, float]) -> str:
    words = _when(found, _last(table, IMPEDANCE))
    return f"the loss falls to {100 * FITTED:g} % of the variance of the target: {words}"


def _when(found: dict[str, float], last: float) -> str:
    """Return the iterations in words; ``last`` is how many there were."""
    return ", ".join(
        f"{name} after {iteration:.0f} iterations"
        if math.isfinite(iteration)
        else f"{name} not within {last:.0f}"
        for name, iteration in found.items()
    )


def _last(table: pd.DataFrame, part: str) -> float:
    return float(select(table, part=part)["iteration"].max())


def _trajectory(table: pd.DataFrame, quantity: str) -> pd.Series:
    own = select(table, part=STOPPING, curve=TRAJECTORY, quantity=quantity)
    return own.set_index("iteration")["value"].sort_index()
