"""Broken: a tiny image is an error that says nothing."""

from priorbench import PriorSpec, hookimpl


@hookimpl
def register_priors():
    yield PriorSpec(
        name="not-tiny",
        factory=".model:Model",
        summary="for a test",
    )
