"""Broken: its checkpoint lacks the state of the generator."""

from priorbench import PriorSpec, hookimpl


@hookimpl
def register_priors():
    yield PriorSpec(
        name="half-a-checkpoint",
        factory=".model:Model",
        summary="for a test",
    )
