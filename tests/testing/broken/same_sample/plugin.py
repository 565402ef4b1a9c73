"""Broken: its samples are all the same."""

from priorbench import PriorSpec, hookimpl


@hookimpl
def register_priors():
    yield PriorSpec(
        name="same-sample",
        factory=".model:Model",
        summary="for a test",
    )
