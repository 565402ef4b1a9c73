"""Broken: its summary is empty."""

from priorbench import PriorSpec, hookimpl


@hookimpl
def register_priors():
    yield PriorSpec(
        name="says-nothing",
        factory=".model:Model",
        summary="",
    )
