"""Broken: its fit yields no row."""

from priorbench import PriorSpec, hookimpl


@hookimpl
def register_priors():
    yield PriorSpec(
        name="no-curve",
        factory=".model:Model",
        summary="for a test",
        learns=True,
    )
