"""Broken: its factory is not there."""

from priorbench import PriorSpec, hookimpl


@hookimpl
def register_priors():
    yield PriorSpec(
        name="names-nothing",
        factory=".model:Nobody",
        summary="for a test",
    )
