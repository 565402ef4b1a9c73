"""Broken: what it restores is a mirror image."""

from priorbench import PriorSpec, hookimpl


@hookimpl
def register_priors():
    yield PriorSpec(
        name="makes-it-worse",
        factory=".model:Model",
        summary="for a test",
    )
