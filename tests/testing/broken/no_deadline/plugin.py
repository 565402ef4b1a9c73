"""Broken: it takes seconds, and does not look at its deadline."""

from priorbench import PriorSpec, hookimpl


@hookimpl
def register_priors():
    yield PriorSpec(
        name="no-deadline",
        factory=".model:Model",
        summary="for a test",
    )
