"""Broken: its image is float64."""

from priorbench import PriorSpec, hookimpl


@hookimpl
def register_priors():
    yield PriorSpec(
        name="double-precision",
        factory=".model:Model",
        summary="for a test",
    )
