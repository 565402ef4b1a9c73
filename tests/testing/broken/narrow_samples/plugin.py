"""Broken: its samples have too little contrast."""

from priorbench import PriorSpec, hookimpl


@hookimpl
def register_priors():
    yield PriorSpec(
        name="narrow-samples",
        factory=".model:Model",
        summary="for a test",
    )
