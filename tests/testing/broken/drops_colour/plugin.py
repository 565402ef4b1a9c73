"""Broken: of colour it restores one channel."""

from priorbench import PriorSpec, hookimpl


@hookimpl
def register_priors():
    yield PriorSpec(
        name="drops-colour",
        factory=".model:Model",
        summary="for a test",
    )
