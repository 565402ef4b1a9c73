"""Verdicts of ``dip-dynamics`` on what is fitted first, and on when to stop."""

from __future__ import annotations

import math

import pandas as pd

from priorbench.results import every

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

Verdict = tuple[bool | None, str]
"""Whether a claim holds, None if it is not decided, and the numbers that say so."""


def reached(table: pd.DataFrame, part: str, problem: str, curve: str, level: float) -> float:
    """Return the first iteration at which a curve is at most at a level, infinite if none is."""
    own = table[(table["part"] == part) & (table["problem"] == problem) & (table["curve"] == curve)]
    low = own.loc[own["value"] <= level, "iteration"]
    return float(low.min()) if len(low) else math.inf


def _when(iteration: float, last: float) -> str:
    return (
        f"after {iteration:.0f} iterations"
        if math.isfinite(iteration)
        else f"not within {last:.0f}"
    )


def _fitted(table: pd.DataFrame) -> tuple[dict[str, float], float, str]:
    """Return when each target was fitted, the last iteration, and both in words."""
    last = float(table.loc[table["part"] == IMPEDANCE, "iteration"].max())
    names = (IMAGE, NOISY, SHUFFLED, NOISE)
    found = {name: reached(table, IMPEDANCE, FIT, name, FITTED) for name in names}
    words = ", ".join(f"{name} {_when(when, last)}" for name, when in found.items())
    return (
        found,
        last,
        f"the loss falls to {100 * FITTED:g} % of the variance of the target: {words}",
    )


def sooner(table: pd.DataFrame) -> Verdict:
    """Return whether the image is fitted before the image with noise."""
    found, _, words = _fitted(table)
    return (found[IMAGE] < found[NOISY] if math.isfinite(found[IMAGE]) else None), words


def noise_impedance(table: pd.DataFrame) -> Verdict:
    """Return whether shuffled pixels and noise take :data:`MUCH` times as long as the image."""
    found, last, words = _fitted(table)
    if not math.isfinite(found[IMAGE]):
        return None, words
    ratios = {name: found[name] / found[IMAGE] for name in (SHUFFLED, NOISE)}
    # What was not reached takes longer than there were iterations.
    known = [
        ratio >= MUCH if math.isfinite(ratio) else (True if last / found[IMAGE] >= MUCH else None)
        for ratio in ratios.values()
    ]
    factors = ", ".join(
        f"{name} {'' if math.isfinite(ratio) else '> '}{min(ratio, last / found[IMAGE]):.1f} times"
        for name, ratio in ratios.items()
    )
    return every(known), f"{words}; {factors} as many as the image"


def peak(table: pd.DataFrame) -> Verdict:
    """Return whether the PSNR of the output rises and falls again."""
    curve = _trajectory(table, OUTPUT)
    first, top, last = float(curve.iloc[0]), float(curve.max()), float(curve.iloc[-1])
    averages = _trajectory(table, ESTIMATE)
    evidence = (
        f"PSNR of the output: {first:.2f} dB after {curve.index[0]} iterations, {top:.2f} dB after {curve.idxmax()}, "
        f"{last:.2f} dB after {curve.index[-1]}; of the average of the outputs at most {averages.max():.2f} dB after "
        f"{averages.idxmax()}, {averages.iloc[-1]:.2f} dB in the end"
    )
    return top - first >= TURN and top - last >= TURN, evidence


def _trajectory(table: pd.DataFrame, quantity: str) -> pd.Series:
    own = table[
        (table["part"] == STOPPING)
        & (table["curve"] == TRAJECTORY)
        & (table["quantity"] == quantity)
    ]
    return own.set_index("iteration")["value"].sort_index()


def best_rule(table: pd.DataFrame) -> Verdict:
    """Return whether a stopping rule comes close to the peak."""
    picked = chosen(table)
    at, best = picked[ORACLE]
    losses = {rule: best - picked[rule][1] for rule in RULES}
    words = ", ".join(
        f"{rule} {loss:.2f} dB (iteration {picked[rule][0]})" for rule, loss in losses.items()
    )
    return min(
        losses.values()
    ) <= ALLOWED, f"peak {best:.2f} dB (iteration {at}); below it: {words}"


def spectral_bias(table: pd.DataFrame) -> Verdict:
    """Return whether the bands of the clean image are fitted from low to high."""
    last = float(table.loc[table["part"] == SPECTRUM, "iteration"].max())
    clean, noisy = (
        [reached(table, SPECTRUM, problem, band, HALF) for band in BANDS]
        for problem in (FIT, DENOISING)
    )
    words = [
        ", ".join(f"{band} {_when(when, last)}" for band, when in zip(BANDS, found, strict=True))
        for found in (clean, noisy)
    ]
    evidence = (
        f"the relative error in a band, in cycles per pixel, falls to {HALF:g}: clean image {words[0]}; noisy image "
        f"{words[1]}"
    )
    if not math.isfinite(clean[0]):
        return None, evidence
    return clean == sorted(clean) and clean[0] < clean[-1], evidence
