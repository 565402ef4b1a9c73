"""Broken: it seeds the global generator of torch."""

from priorbench import PriorSpec, hookimpl


@hookimpl
def register_priors():
    yield PriorSpec(
        name="seeds-torch",
        factory=".model:Model",
        summary="for a test",
    )
