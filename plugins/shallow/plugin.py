"""Shallow models: a few filters and functions of their responses, learned in minutes."""

from __future__ import annotations

from collections.abc import Iterator

from priorbench import PriorSpec, Resources, hookimpl

from .parameters import FieldsOfExpertsParameters, TNRDParameters

SMALL = {
    "filter_size": 3,
    "levels": 2,
    "tile_size": 16,
    "n_tiles": 200,
    "iterations": 30,
    "batch": 4,
    "measure_every": 10,
}
"""Parameters to check the priors with in seconds."""


@hookimpl
def register_priors() -> Iterator[PriorSpec]:
    """Yield ``tnrd`` and ``foe``."""
    yield PriorSpec(
        name="tnrd",
        factory=".tnrd:TNRD",
        parameters=TNRDParameters,
        label="TNRD",
        summary="a nonlinear diffusion of a few steps, whose filters and functions are learned",
        reference="doi:10.1109/TPAMI.2016.2596743",
        small={**SMALL, "stages": 2},
        learns=True,
        resources=Resources(
            threads=2,
            memory_mb=1500,
            seconds_per_megapixel={"denoise": 2.5, "*": 30},
            training_seconds=320,
        ),
    )
    yield PriorSpec(
        name="foe",
        factory=".foe:FieldsOfExperts",
        parameters=FieldsOfExpertsParameters,
        label="fields of experts",
        summary="a density of whole images: Student-t experts of the responses of learned filters",
        reference="doi:10.1007/s11263-008-0197-6, doi:10.1109/TIP.2014.2299065",
        small={**SMALL, "steps": 10},
        learns=True,
        resources=Resources(
            threads=2,
            memory_mb=1500,
            seconds_per_megapixel={"denoise": 12, "*": 150},
            training_seconds=70,
        ),
    )
