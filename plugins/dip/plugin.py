"""Deep Image Prior: an untrained network as an image prior."""

from __future__ import annotations

from collections.abc import Iterator

from priorbench import PriorSpec, Resources, hookimpl

from .parameters import DIPParameters

REFERENCE = "arXiv:1711.10925"


@hookimpl
def register_priors() -> Iterator[PriorSpec]:
    """Yield ``dip``."""
    yield PriorSpec(
        name="dip",
        factory=".model:DeepImagePrior",
        summary="the structure of an untrained network, fitted to the observation alone",
        reference=REFERENCE,
        parameters=DIPParameters,
        label="Deep Image Prior",
        resources=Resources(threads=2, memory_mb=4000, minutes=60),
        images_per_job=1,
    )
