"""Broken: it raises whatever it is given."""

from priorbench import PriorSpec, hookimpl


@hookimpl
def register_priors():
    yield PriorSpec(
        name="raises",
        factory=".model:Model",
        summary="for a test",
    )
