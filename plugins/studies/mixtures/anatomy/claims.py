"""What is claimed of a mixture's components and tails, and what decides."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import inf

from priorbench.studies import Claim, Estimate, Verdict

from .measure import FILTERS, Anatomy
from .tails import GAUSSIAN, excess_ratio

SOURCE = "Zoran & Weiss, NIPS 2012"
DECADE = 10.0
TOLERANCE = 2.0
"""The factor within which an excess kurtosis counts as reproduced."""


def claims_of(found: Anatomy) -> list[Claim]:
    """Return the verdicts on one mixture."""
    verdicts = *_tails(found), _contrasts(found), _copies(found)
    texts = statements(found.specimen.kind)
    return [Claim.judged(text, SOURCE, own) for text, own in zip(texts, verdicts, strict=True)]


def statements(kind: str) -> Sequence[str]:
    """Return what is claimed of patches of a kind."""
    return (
        f"Linear filters respond to patches of {kind} with heavy tails, and more than half of the "
        "excess kurtosis comes from how the contrast varies.",
        f"A mixture reproduces those tails on {kind} within a factor of {TOLERANCE:g} in excess "
        "kurtosis; one Gaussian has none.",
        f"The contrasts of the components learned for {kind} span more than a factor of "
        f"{DECADE:g}.",
        "Scaled copies of one covariance, with the mixture's weights and their own contrasts, give "
        f"more than half of its gain in likelihood over one Gaussian on {kind}.",
    )


def _tails(found: Anatomy) -> tuple[Verdict, Verdict]:
    """Return whether contrast makes the tails, and whether the mixture reproduces them."""
    data, mixture, gaussian = found.kurtosis.values()
    divided = found.at_unit_contrast
    heavy = data.estimate.verdict(
        f"mean kurtosis of the responses of {FILTERS} random filters {data}, to patches "
        f"divided by their contrast {divided}; a Gaussian has {GAUSSIAN:g}",
        GAUSSIAN,
    )
    reproduced = excess_ratio(mixture, data)
    words = (
        f"kurtosis: patches {data}, samples of {found.specimen.label} {mixture}, of a Gaussian "
        f"with its covariance {gaussian}; the mixture has {reproduced} of the patches' excess "
        f"over {GAUSSIAN:g}"
    )
    if not heavy.holds:
        # Without an excess there are no shares of it.
        return heavy, Verdict(None, words, heavy.number)
    left = replace(excess_ratio(divided, data).estimate, unit="of the excess kurtosis left")
    share = replace(reproduced.estimate, unit="of the excess kurtosis")
    return left.verdict(heavy.evidence, -inf, 0.5), share.verdict(words, 1 / TOLERANCE, TOLERANCE)


def _contrasts(found: Anatomy) -> Verdict:
    """Return whether the components differ much in contrast."""
    contrast = found.table["contrast"]
    spread = float(contrast.max() / contrast.min())
    return Verdict(
        spread > DECADE if len(contrast) > 1 else None,
        f"{len(contrast)} components of {found.specimen.label}: contrast from "
        f"{contrast.min():.2g} to {contrast.max():.2g}, a factor of {spread:.0f}",
        Estimate(spread, unit="times"),
    )


def _copies(found: Anatomy) -> Verdict:
    """Return whether scaled copies gain more than half of what the mixture gains."""
    own = found.likelihoods
    more_than_half = Estimate.of_mean(
        own.scaled_copies - own.gaussian - (own.mixture - own.gaussian) / 2,
        "nats per patch above half of the gain",
    )
    holds = more_than_half.within(0) if len(found.table) > 1 else None
    below, copies, above = own.gaussian.mean(), own.scaled_copies.mean(), own.mixture.mean()
    share = (copies - below) / (above - below) if above > below else float("nan")
    return Verdict(
        holds,
        f"log-likelihood of {found.specimen.kind} in nats per patch: Gaussian {below:.1f}, scaled "
        f"copies {copies:.1f}, {found.specimen.label} {above:.1f}: {100 * share:.0f} % of the gain",
        more_than_half,
    )
