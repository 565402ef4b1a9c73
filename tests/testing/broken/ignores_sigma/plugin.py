"""Broken: it ignores σ, and does not say so."""

from priorbench import PriorSpec, hookimpl


@hookimpl
def register_priors():
    yield PriorSpec(
        name="ignores-sigma",
        factory=".model:Model",
        summary="for a test",
    )
