"""A normalising flow of patches."""

from __future__ import annotations

from collections.abc import Iterator

from priorbench import PriorSpec, Resources, SolverSettings, hookimpl

from .parameters import FlowParameters


@hookimpl
def register_priors() -> Iterator[PriorSpec]:
    """Yield ``flow``."""
    yield PriorSpec(
        name="flow",
        factory=".model:PatchFlow",
        parameters=FlowParameters,
        label="Normalising flow",
        summary="autoregressive spline flow of 8 × 8 patches, restored with EPLL",
        reference="arXiv:1705.07057, arXiv:1906.04032",
        small={
            "patch_size": 4,
            "stride": 4,
            "transforms": 1,
            "width": 16,
            "layers": 1,
            "bins": 4,
            "steps": 2,
            "n_tiles": 1000,
            "iterations": 20,
            "batch": 32,
            "measure_every": 10,
        },
        learns=True,
        solver=SolverSettings(),
        resources=Resources(threads=2, seconds_per_megapixel=7000, training_seconds=450),
    )
