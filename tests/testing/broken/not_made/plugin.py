"""Broken: its constructor raises."""

from priorbench import PriorSpec, hookimpl


@hookimpl
def register_priors():
    yield PriorSpec(
        name="not-made",
        factory=".model:Model",
        summary="for a test",
    )
