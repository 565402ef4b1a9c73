"""What is claimed of variational autoencoders, and what decides."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from priorbench.results import Claim, Results, every, in_words, inside
from priorbench.results.statistics import mean_interval

from .modes import JOINT, PROJECT, SIDE
from .selection import DEAD_LEAVES, PATCH, PHOTOGRAPHS, fitted
from .spectra import BANDS

MARGIN = 1.0
"""dB that the autoencoder learned from dead leaves may fall behind."""
CLAIMS = (
    (
        "Maximising the joint posterior of image and codes restores better than encoding and decoding once.",
        "González, Almansa & Tan 2022, doi:10.1137/21M140225X",
    ),
    (
        "Reconstructions are blurred: they keep less of the power at high frequencies than at low ones.",
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
Verdict = tuple[bool | None, str]


def claims_of(verdicts: Sequence[Verdict]) -> list[Claim]:
    """Return the claims with their verdicts, in the order of :data:`CLAIMS`."""
    return [
        Claim(statement=statement, source=source, evidence=evidence, holds=holds)
        for (statement, source), (holds, evidence) in zip(CLAIMS, verdicts, strict=True)
    ]


def joint_is_better(scores: Mapping[str, Mapping[str, pd.DataFrame]]) -> Verdict:
    """Return the verdict on the joint posterior: it must gain for every task and model.

    Args:
        scores: label of the model → task → PSNR in dB, images × modes.
    """
    verdicts, parts = [], []
    for label, own in scores.items():
        for task, values in own.items():
            gains = (values[JOINT] - values[PROJECT]).to_numpy()
            bounds = mean_interval(gains)
            verdicts.append(inside(bounds, 0))
            words = f"{gains.mean():+.2f} {in_words(bounds, 2)}"
            parts.append(f"{label}, {task} {words} over {_images(len(gains))}")
    if not parts:
        return None, "no fitted autoencoder of tiles, or no test image as large as a tile"
    return every(verdicts), (
        f"{JOINT} less {PROJECT} in dB, mean and 95 % interval on gray crops of at most "
        f"{SIDE} × {SIDE}: {'; '.join(parts)}"
    )


def reconstructions_are_blurred(kept: Mapping[str, np.ndarray]) -> Verdict:
    """Return the verdict on blur: it needs every model.

    Args:
        kept: label of the model → share of power kept, images × :data:`BANDS`.
    """
    low, *_, high = BANDS
    verdicts, parts = [], []
    for label, shares in kept.items():
        own = shares[np.isfinite(shares).all(1)]
        lost = 100 * (own[:, 0] - own[:, -1])
        bounds = mean_interval(lost)
        verdicts.append(inside(bounds, 0))
        if len(own):
            mean = own.mean(0)
            parts.append(
                f"{label} {_percent(mean[0])} and {_percent(mean[-1])}, less by "
                f"{in_words(bounds, 0)} percentage points over {_images(len(own))}"
            )
    if not parts:
        return None, "no fitted autoencoder of tiles, or no test image that is large enough"
    return every(
        verdicts
    ), f"power kept from {low} and from {high} cycles per pixel: {'; '.join(parts)}"


def patches_are_likelier(results: Results, likelihoods: Mapping[str, np.ndarray]) -> Verdict:
    """Return the verdict on the autoencoder of patches against each multivariate Gaussian.

    What is known of the autoencoder is a lower bound, so it can be shown to be likelier, not to be less likely.

    Args:
        results: of the experiment.
        likelihoods: mean log-likelihood of each image's patches in nats, by prior.
    """
    own, gaussians = (
        [p for p in likelihoods if results.names[p] == name] for name in (PATCH, "mvg")
    )
    if not own or not gaussians:
        return (
            None,
            "the experiment has no fitted vae-patch and mvg of one patch size, or no test image",
        )
    verdicts, parts = [], []
    for prior in own:
        for gaussian in gaussians:
            difference = likelihoods[prior] - likelihoods[gaussian]
            bounds = mean_interval(difference)
            verdicts.append(True if inside(bounds, 0) else None)
            parts.append(
                f"{prior} at least {likelihoods[prior].mean():.1f}, {gaussian} {likelihoods[gaussian].mean():.1f} nats "
                f"per patch; difference {difference.mean():+.1f} {in_words(bounds, 1)} over "
                f"{_images(len(difference))}"
            )
    note = "" if every(verdicts) else "; a lower bound can't show that it is less likely"
    return every(verdicts), "; ".join(parts) + note


def leaves_are_enough(results: Results) -> Verdict:
    """Return the verdict on what is learned from dead leaves, by the PSNR of the experiment's own restorations."""
    natural, leaves = fitted(results, PHOTOGRAPHS), fitted(results, DEAD_LEAVES)
    if not natural or not leaves:
        return None, "the experiment has no fitted vae and vae-dead-leaves"
    verdicts, parts = [], []
    for (dataset, task), values in results.by_image("psnr", [natural[0], leaves[0]]).items():
        difference = (values[leaves[0]] - values[natural[0]]).to_numpy()
        bounds = mean_interval(difference)
        verdicts.append(inside(bounds, -MARGIN))
        parts.append(f"{task} on {dataset} {difference.mean():+.2f} {in_words(bounds, 2)}")
    if not parts:
        return None, "no image that both restored"
    return every(verdicts), f"{leaves[0]} less {natural[0]} in dB: {'; '.join(parts)}"


def _images(count: int) -> str:
    return "1 image" if count == 1 else f"{count} images"


def _percent(share: float) -> str:
    return f"{100 * share:.2g} %"
