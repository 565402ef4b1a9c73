"""A Gaussian mixture of patches, and what happens when it grows."""

from __future__ import annotations

from collections.abc import Iterator

from priorbench import PriorSpec, Resources, StudySpec, hookimpl

from .parameters import GMMParameters


@hookimpl
def register_priors() -> Iterator[PriorSpec]:
    """Yield ``gmm``."""
    yield PriorSpec(
        name="gmm",
        factory=".model:GMM",
        summary="Gaussian mixture of 8 × 8 patches, restored with EPLL",
        reference="10.1109/ICCV.2011.6126278",
        parameters=GMMParameters,
        id="gmm-K{n_components}",
        label="GMM K={n_components}",
        learns=True,
        resources=Resources(threads=2),
    )


@hookimpl
def register_studies() -> Iterator[StudySpec]:
    """Yield ``gmm-sweep``."""
    yield StudySpec(
        name="gmm-sweep",
        factory=".study:sweep",
        summary="likelihood and restoration against the number of components",
        reference="10.1109/ICCV.2011.6126278",
        priors=("gmm-*",),
        caption="Mean PSNR of each task, and the mean log-likelihood of held-out patches, against the number of "
        "components of the Gaussian mixture. Does a likelier patch prior restore better?",
    )
