"""Gaussian mixtures of patches, and what happens when they grow."""

from __future__ import annotations

from collections.abc import Iterator

from priorbench import PriorSpec, Resources, StudySpec, hookimpl

from .parameters import GMMParameters, GSMParameters, MVGParameters

ZORAN_WEISS = "10.1109/ICCV.2011.6126278"


@hookimpl
def register_priors() -> Iterator[PriorSpec]:
    """Yield ``gmm``, the same learned from dead leaves, and the two special cases."""
    yield PriorSpec(
        name="gmm",
        factory=".model:GMM",
        summary="Gaussian mixture of 8 × 8 patches, restored with EPLL",
        reference=ZORAN_WEISS,
        parameters=GMMParameters,
        id="gmm-K{n_components}",
        label="GMM K={n_components}",
        learns=True,
        resources=Resources(threads=2),
    )
    yield PriorSpec(
        name="gmm-dead-leaves",
        factory=".model:GMM",
        summary="the same, learned from dead leaves instead of photographs",
        reference="Zoran & Weiss, Natural images, Gaussian mixtures and dead leaves, NIPS 2012",
        parameters=GMMParameters,
        id="gmm-dead-leaves-K{n_components}",
        label="GMM K={n_components}, dead leaves",
        learns=True,
        train_on="dead-leaves",
        resources=Resources(threads=2),
    )
    yield PriorSpec(
        name="mvg",
        factory=".model:GMM",
        summary="one Gaussian of 8 × 8 patches, restored with EPLL",
        reference=ZORAN_WEISS,
        parameters=MVGParameters,
        label="Gaussian",
        learns=True,
    )
    yield PriorSpec(
        name="gsm",
        factory=".model:GMM",
        summary="Gaussian scale mixture of 8 × 8 patches: one covariance at many contrasts, restored with EPLL",
        reference="10.1109/TIP.2003.818640",
        parameters=GSMParameters,
        label="Gaussian scale mixture",
        learns=True,
    )


@hookimpl
def register_studies() -> Iterator[StudySpec]:
    """Yield ``gmm-sweep``."""
    yield StudySpec(
        name="gmm-sweep",
        factory=".study:sweep",
        summary="likelihood and restoration against the number of components",
        reference=ZORAN_WEISS,
        priors=("gmm-K*",),
        caption="Mean PSNR of each task, and the mean log-likelihood of held-out patches, against the number of "
        "components of the Gaussian mixture. Does a likelier patch prior restore better?",
    )
