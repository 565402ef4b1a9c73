"""Broken: its model lacks a number that it restores with."""

from priorbench import PriorSpec, hookimpl


@hookimpl
def register_priors():
    yield PriorSpec(
        name="half-a-model",
        factory=".model:Model",
        summary="for a test",
        learns=True,
    )
