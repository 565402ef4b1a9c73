"""What is claimed of variational autoencoders, and what decides."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from priorbench.studies import Claim, Estimate, Experiment, Verdict, in_words, together

from .measure import Studied
from .modes import JOINT, PROJECT, SIDE
from .selection import DEAD_LEAVES, PATCH, PHOTOGRAPHS
from .spectra import BANDS

MARGIN = 1.0
"""dB that the autoencoder learned from dead leaves may fall behind."""
CLAIMS = (
    (
        "Maximising the joint posterior of image and codes restores better than encoding and "
        "decoding once.",
        "González, Almansa & Tan 2022, doi:10.1137/21M140225X",
    ),
    (
        "Reconstructions are blurred: they keep less of the power at high frequencies than at low "
        "ones.",
        "Dosovitskiy & Brox 2016, arXiv:1602.02644",
    ),
    (
        "The autoencoder of patches is likelier than the multivariate Gaussian.",
        "the question of this study",
    ),
    (
        f"Learned from dead leaves it restores within {MARGIN:g} dB of learned from photographs.",
        "after Zoran & Weiss, NIPS 2012, who ask it of Gaussian mixtures",
    ),
)
"""Statement and source."""


def claims_of(
    experiment: Experiment, studied: Sequence[Studied], likelihoods: Mapping[str, np.ndarray]
) -> list[Claim]:
    """Return the claims with their verdicts, in the order of :data:`CLAIMS`.

    Args:
        experiment: names and scores of the priors.
        studied: autoencoders of tiles.
        likelihoods: mean log-likelihood of each image's patches in nats, by prior.
    """
    verdicts = (
        joint_is_better({one.label: one.scores for one in studied}),
        reconstructions_are_blurred({one.label: one.blur.kept for one in studied}),
        patches_are_likelier(experiment.names, likelihoods),
        leaves_are_enough(experiment),
    )
    return [Claim.judged(*claim, verdict) for claim, verdict in zip(CLAIMS, verdicts, strict=True)]


def joint_is_better(scores: Mapping[str, Mapping[str, pd.DataFrame]]) -> Verdict:
    """Return the verdict on the joint posterior: it must gain for every task and model.

    Args:
        scores: label of the model → task → PSNR in dB, images × modes.
    """
    parts = []
    for label, own in scores.items():
        for task, values in own.items():
            gain = Estimate.of_mean(values[JOINT] - values[PROJECT], "dB")
            words = f"{label}, {task} {gain.in_words(2)} over {_images(len(values))}"
            parts.append(gain.verdict(words, 0))
    return _after(
        f"{JOINT} less {PROJECT} in dB, mean and 95 % interval on gray crops of at most "
        f"{SIDE} × {SIDE}: ",
        parts,
        "no fitted autoencoder of tiles, or no test image as large as a tile",
    )


def reconstructions_are_blurred(kept: Mapping[str, np.ndarray]) -> Verdict:
    """Return the verdict on blur: it needs every model.

    Args:
        kept: label of the model → share of power kept, images × :data:`.spectra.BANDS`.
    """
    low, *_, high = BANDS
    parts = []
    for label, shares in kept.items():
        own = shares[np.isfinite(shares).all(1)]
        if not len(own):
            continue
        lost = Estimate.of_mean(100 * (own[:, 0] - own[:, -1]), "percentage points")
        below, *_, above = own.mean(0)
        words = (
            f"{label} {_percent(below)} and {_percent(above)}, less by "
            f"{in_words(lost.interval, 0)} percentage points over {_images(len(own))}"
        )
        parts.append(lost.verdict(words, 0))
    verdict = _after(
        f"power kept from {low} and from {high} cycles per pixel: ",
        parts,
        "no fitted autoencoder of tiles, or no test image that is large enough",
    )
    # A model without an image that is large enough leaves the claim open.
    return verdict._replace(holds=None) if len(parts) < len(kept) and verdict.holds else verdict


def patches_are_likelier(
    names: Mapping[str, str], likelihoods: Mapping[str, np.ndarray]
) -> Verdict:
    """Return the verdict on the autoencoder of patches against each multivariate Gaussian.

    What is known of the autoencoder is a lower bound, so it can be shown to be likelier, not to be
    less likely.

    Args:
        names: prior id → the name of its spec.
        likelihoods: mean log-likelihood of each image's patches in nats, by prior.
    """
    own, gaussians = ([p for p in likelihoods if names[p] == name] for name in (PATCH, "mvg"))
    parts = []
    for prior in own:
        for gaussian in gaussians:
            values, others = likelihoods[prior], likelihoods[gaussian]
            gain = Estimate.of_mean(values - others, "nats per patch")
            words = (
                f"{prior} at least {values.mean():.1f}, {gaussian} {others.mean():.1f} nats per "
                f"patch; difference {gain.in_words(1)} over {_images(len(values))}"
            )
            # A lower bound below the Gaussian decides nothing.
            parts.append(gain.verdict(words, 0)._replace(holds=gain.within(0) or None))
    otherwise = "the experiment has no fitted vae-patch and mvg of one patch size, or no test image"
    verdict = together(parts, otherwise)
    if parts and not verdict.holds:
        more = "; a lower bound can't show that it is less likely"
        return verdict._replace(evidence=verdict.evidence + more)
    return verdict


def leaves_are_enough(experiment: Experiment) -> Verdict:
    """Return the verdict on dead leaves, by the PSNR of the experiment's own restorations."""
    natural, leaves = experiment.fitted(PHOTOGRAPHS), experiment.fitted(DEAD_LEAVES)
    if not natural or not leaves:
        return Verdict(None, "the experiment has no fitted vae and vae-dead-leaves")
    pair = leaves[0], natural[0]
    parts = []
    for (dataset, task), values in experiment.by_image("psnr", pair).items():
        gain = Estimate.of_mean(values[pair[0]] - values[pair[1]], "dB")
        parts.append(gain.verdict(f"{task} on {dataset} {gain.in_words(2)}", -MARGIN))
    return _after(f"{pair[0]} less {pair[1]} in dB: ", parts, "no image that both restored")


def _after(head: str, parts: Sequence[Verdict], otherwise: str) -> Verdict:
    """Return the verdict on all parts, their evidence after a common head."""
    verdict = together(parts, otherwise)
    return verdict._replace(evidence=head + verdict.evidence) if parts else verdict


def _images(count: int) -> str:
    return "1 image" if count == 1 else f"{count} images"


def _percent(share: float) -> str:
    return f"{100 * share:.2g} %"
