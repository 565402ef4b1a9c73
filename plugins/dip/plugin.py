"""Deep Image Prior: an untrained network as an image prior."""

from __future__ import annotations

from collections.abc import Iterator

from priorbench import PriorSpec, Resources, SolverSettings, hookimpl

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
        small={"channels": 8, "scales": 2, "iterations": 20},
        solver=SolverSettings(),
        resources=Resources(
            threads=2,
            memory_mb=1500,
            memory_mb_per_megapixel=6000,
            minutes=60,
            seconds_per_megapixel=1200,
        ),
    )
