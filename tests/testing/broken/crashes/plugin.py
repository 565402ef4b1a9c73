"""Broken: it ends the process."""

from priorbench import PriorSpec, hookimpl


@hookimpl
def register_priors():
    yield PriorSpec(
        name="crashes",
        factory=".model:Model",
        summary="for a test",
    )
