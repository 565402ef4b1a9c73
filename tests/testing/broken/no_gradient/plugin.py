"""Broken: decode gives no gradient."""

from priorbench import PriorSpec, hookimpl


@hookimpl
def register_priors():
    yield PriorSpec(
        name="no-gradient",
        factory=".model:Model",
        summary="for a test",
    )
