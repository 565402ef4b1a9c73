"""What is claimed of learning from dead leaves, and what decides."""

from __future__ import annotations

from priorbench.studies import Claim, Estimate, Verdict, together

from .measure import Compared

SOURCE = "Zoran & Weiss, NIPS 2012"
MARGIN = 1.0
"""dB that the mixture learned from dead leaves may fall behind."""
SIGNIFICANT = 0.05
STATEMENTS = (
    "A mixture learned from dead leaves gives photographs more likelihood than a Gaussian learned "
    "from photographs.",
    "Components learned from dead leaves and from photographs, matched by their shape, span closer "
    "subspaces than random pairs, and than matched components with the same average covariance and "
    "scrambled shapes.",
    f"A mixture learned from dead leaves restores at most {MARGIN:g} dB worse than one learned "
    "from photographs.",
)


def claims_of(compared: Compared) -> list[Claim]:
    """Return the claims with their verdicts."""
    verdicts = _likelier(compared), _closer(compared), _restores(compared)
    return [
        Claim.judged(text, SOURCE, verdict)
        for text, verdict in zip(STATEMENTS, verdicts, strict=True)
    ]


def _likelier(compared: Compared) -> Verdict:
    if compared.gaussian is None:
        return Verdict(None, "the experiment has neither an mvg nor a gmm with one component")
    leaves, gaussian = (
        compared.likelihoods[model, compared.natural.kind]
        for model in (compared.leaves.prior, compared.gaussian)
    )
    gain = Estimate.of_mean(leaves - gaussian, "nats per patch")
    words = (
        f"{compared.leaves.prior} {leaves.mean():.1f}, {compared.gaussian} {gaussian.mean():.1f} "
        f"nats per patch; difference {gain.in_words(1)} over {len(leaves)} images"
    )
    return gain.verdict(words, 0)


def _closer(compared: Compared) -> Verdict:
    found = compared.alignment
    if found is None or min(found.angles.shape[:2]) < 2:
        return Verdict(None, "fewer than two components of a mixture are not flat")
    random, scrambled = found.against_random_pairs(), found.against_scrambled()
    # Against the claim is what lies as far on the other side.
    worse = max(random, scrambled)
    holds = True if worse < SIGNIFICANT else False if worse > 1 - SIGNIFICANT else None
    pairs, axes = found.matched.shape
    return Verdict(
        holds,
        f"mean principal angle of {axes} leading eigenvectors: {pairs} matched pairs "
        f"{found.matched.mean():.1f}°, other pairs {found.others.mean():.1f}° (p = {random:.2g}), "
        f"pairs matched after scrambling {found.scrambled.mean():.1f}° (p = {scrambled:.2g})",
        Estimate(worse, unit="p-value"),
    )


def _restores(compared: Compared) -> Verdict:
    parts = []
    for (dataset, task), values in compared.psnr.items():
        difference = values[compared.leaves.prior] - values[compared.natural.prior]
        gain = Estimate.of_mean(difference, "dB")
        parts.append(gain.verdict(f"{task} on {dataset} {gain.in_words(2)}", -MARGIN))
    verdict = together(parts, "no image that all restored")
    evidence = f"difference in dB: {verdict.evidence}" if parts else verdict.evidence
    return verdict._replace(evidence=evidence)
