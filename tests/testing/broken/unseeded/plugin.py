"""Broken: it draws from a generator without a seed."""

from priorbench import PriorSpec, hookimpl


@hookimpl
def register_priors():
    yield PriorSpec(
        name="unseeded",
        factory=".model:Model",
        summary="for a test",
    )
