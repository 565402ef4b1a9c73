"""Broken: colour is an error that says nothing."""

from priorbench import PriorSpec, hookimpl


@hookimpl
def register_priors():
    yield PriorSpec(
        name="gray-only",
        factory=".model:Model",
        summary="for a test",
    )
