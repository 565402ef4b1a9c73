"""Declares the prior; read with every workflow, so it imports nothing heavy."""

from __future__ import annotations

from collections.abc import Iterator

from priorbench import PriorSpec, Resources, SolverSettings, hookimpl

from .parameters import FieldOfExpertsParameters


@hookimpl
def register_priors() -> Iterator[PriorSpec]:
    """Yield ``patch-foe``."""
    yield PriorSpec(
        name="patch-foe",
        factory=".model:FieldOfExperts",
        parameters=FieldOfExpertsParameters,
        label="Field of experts of patches",
        summary="Student-t experts of patches, learned by score matching, restored with EPLL",
        reference="doi:10.1007/s11263-008-0197-6, doi:10.1162/NECO_a_00142",
        learns=True,
        small={"n_tiles": 2000, "experts": 20, "iterations": 20, "batch": 32, "measure_every": 10},
        tunable={"weight": (0.3, 0.45, 0.6, 0.8, 1.0)},
        solver=SolverSettings(),
        resources=Resources(threads=2, seconds_per_megapixel=60, training_seconds=40),
    )
