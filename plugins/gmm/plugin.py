"""Gaussian mixtures of patches, and what happens when they grow."""

from __future__ import annotations

from collections.abc import Iterator

from priorbench import PriorSpec, Resources, SolverSettings, hookimpl

from .parameters import GMMParameters, GSMParameters, MVGParameters, NonLocalParameters

ZORAN_WEISS = "10.1109/ICCV.2011.6126278"
NL_BAYES = "10.1137/120874989"
DEAD_LEAVES = "Zoran & Weiss, Natural images, Gaussian mixtures and dead leaves, NIPS 2012"
FEW_PATCHES = {"n_patches": 2000, "mode": "fast"}
SMALL = {**FEW_PATCHES, "n_components": 3, "iterations": 3}
"""Parameters to check the priors with in seconds."""


@hookimpl
def register_priors() -> Iterator[PriorSpec]:
    """Yield ``gmm``, from dead leaves too, with groups of patches, and the two special cases."""
    yield PriorSpec(
        name="gmm",
        factory=".model:GMM",
        summary="Gaussian mixture of 8 × 8 patches, restored with EPLL",
        reference=ZORAN_WEISS,
        parameters=GMMParameters,
        id="gmm-K{n_components}",
        label="GMM K={n_components}",
        small=SMALL,
        learns=True,
        solver=SolverSettings(),
        resources=Resources(threads=2, seconds_per_megapixel=80, training_seconds=400),
    )
    yield PriorSpec(
        name="gmm-dead-leaves",
        factory=".model:GMM",
        summary="the same, learned from dead leaves instead of photographs",
        reference=DEAD_LEAVES,
        parameters=GMMParameters,
        id="gmm-dead-leaves-K{n_components}",
        label="GMM K={n_components}, dead leaves",
        small=SMALL,
        learns=True,
        train_on="dead-leaves",
        solver=SolverSettings(),
        resources=Resources(threads=2, seconds_per_megapixel=80, training_seconds=400),
    )
    yield PriorSpec(
        name="gmm-non-local",
        factory=".non_local:NonLocalGMM",
        summary="EPLL with a mixture, then a Gaussian for each group of similar patches",
        reference=f"{ZORAN_WEISS}, {NL_BAYES}",
        parameters=NonLocalParameters,
        id="gmm-non-local-K{n_components}",
        label="GMM K={n_components}, non-local",
        small={**SMALL, "passes": 1, "reach": 8},
        learns=True,
        solver=SolverSettings(),
        resources=Resources(
            threads=2,
            memory_mb_per_megapixel=1500,
            seconds_per_megapixel={"denoise": 120, "*": 1000},
            training_seconds=400,
        ),
    )
    yield PriorSpec(
        name="mvg",
        factory=".model:GMM",
        summary="one Gaussian of 8 × 8 patches, restored with EPLL",
        reference=ZORAN_WEISS,
        parameters=MVGParameters,
        label="Gaussian",
        small=FEW_PATCHES,
        learns=True,
        solver=SolverSettings(),
        resources=Resources(seconds_per_megapixel=10, training_seconds=20),
    )
    yield PriorSpec(
        name="gsm",
        factory=".model:GMM",
        summary="Gaussian scale mixture of 8 × 8 patches: one covariance at many contrasts, "
        "restored with EPLL",
        reference="10.1109/TIP.2003.818640",
        parameters=GSMParameters,
        label="Gaussian scale mixture",
        small={**FEW_PATCHES, "iterations": 3},
        learns=True,
        solver=SolverSettings(),
        resources=Resources(seconds_per_megapixel=20, training_seconds=60),
    )
