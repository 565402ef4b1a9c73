"""Broken: NaN becomes a number."""

from priorbench import PriorSpec, hookimpl


@hookimpl
def register_priors():
    yield PriorSpec(
        name="hides-nan",
        factory=".model:Model",
        summary="for a test",
    )
