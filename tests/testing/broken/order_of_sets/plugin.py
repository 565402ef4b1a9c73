"""Broken: it depends on the order of a set."""

from priorbench import PriorSpec, hookimpl


@hookimpl
def register_priors():
    yield PriorSpec(
        name="order-of-sets",
        factory=".model:Model",
        summary="for a test",
    )
