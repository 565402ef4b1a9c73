"""Broken: odd sides are an error that says nothing."""

from priorbench import PriorSpec, hookimpl


@hookimpl
def register_priors():
    yield PriorSpec(
        name="even-sizes-only",
        factory=".model:Model",
        summary="for a test",
    )
