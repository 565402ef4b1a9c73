"""Broken: it learns, and its record does not say so."""

from priorbench import PriorSpec, hookimpl


@hookimpl
def register_priors():
    yield PriorSpec(
        name="forgets-to-learn",
        factory=".model:Model",
        summary="for a test",
    )
