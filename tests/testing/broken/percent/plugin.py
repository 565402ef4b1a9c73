"""Broken: its progress is in percent."""

from priorbench import PriorSpec, hookimpl


@hookimpl
def register_priors():
    yield PriorSpec(
        name="percent",
        factory=".model:Model",
        summary="for a test",
    )
