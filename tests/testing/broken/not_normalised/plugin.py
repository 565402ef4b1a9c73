"""Broken: its density lacks the normalising constant."""

from priorbench import PriorSpec, hookimpl


@hookimpl
def register_priors():
    yield PriorSpec(
        name="not-normalised",
        factory=".model:Model",
        summary="for a test",
    )
