"""Shallow models: a few filters and functions of their responses, learned in minutes."""

from __future__ import annotations

from collections.abc import Iterator

from priorbench import PriorSpec, Resources, SolverSettings, hookimpl

from .parameters import FieldsOfExpertsParameters, TNRDParameters

TRAINING = {
    "filter_size": 3,
    "n_tiles": 200,
    "iterations": 30,
    "batch": 4,
    "measure_every": 10,
}
"""Parameters to check the priors with in seconds."""


@hookimpl
def register_priors() -> Iterator[PriorSpec]:
    """Yield ``tnrd`` and ``fields-of-experts``."""
    yield PriorSpec(
        name="tnrd",
        factory=".tnrd:TNRD",
        parameters=TNRDParameters,
        label="TNRD",
        summary="a nonlinear diffusion of a few steps, whose filters and functions are learned",
        reference="doi:10.1109/TPAMI.2016.2596743",
        small={**TRAINING, "stages": 2, "levels": 2, "tile_size": 16},
        learns=True,
        resources=Resources(
            threads=2,
            memory_mb=1500,
            seconds_per_megapixel={"denoise": 5, "*": 40},
            training_seconds=300,
        ),
    )
    yield PriorSpec(
        name="fields-of-experts",
        factory=".foe:FieldsOfExperts",
        parameters=FieldsOfExpertsParameters,
        label="fields of experts",
        summary="Student-t experts of an image's filter responses, learned by score matching",
        reference="doi:10.1007/s11263-008-0197-6, doi:10.1162/NECO_a_00142",
        small={**TRAINING, "experts": 8, "steps": 20},
        learns=True,
        tunable={"weight": (0.3, 0.45, 0.6, 0.8, 1.0)},
        solver=SolverSettings(),
        resources=Resources(
            memory_mb=1500,
            seconds_per_megapixel=60,
            training_seconds=60,
        ),
    )
