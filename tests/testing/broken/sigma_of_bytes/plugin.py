"""Broken: its range of σ is on 0 to 255."""

from priorbench import PriorSpec, hookimpl


@hookimpl
def register_priors():
    yield PriorSpec(
        name="sigma-of-bytes",
        factory=".model:Model",
        summary="for a test",
    )
