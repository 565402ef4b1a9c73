"""Broken: a large image is an error that says nothing."""

from priorbench import PriorSpec, hookimpl


@hookimpl
def register_priors():
    yield PriorSpec(
        name="not-large",
        factory=".model:Model",
        summary="for a test",
    )
