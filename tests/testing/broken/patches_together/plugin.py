"""Broken: an estimate depends on the other patches."""

from priorbench import PriorSpec, hookimpl


@hookimpl
def register_priors():
    yield PriorSpec(
        name="patches-together",
        factory=".model:Model",
        summary="for a test",
    )
