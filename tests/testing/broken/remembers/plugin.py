"""Broken: each image is a little brighter than the one before."""

from priorbench import PriorSpec, hookimpl


@hookimpl
def register_priors():
    yield PriorSpec(
        name="remembers",
        factory=".model:Model",
        summary="for a test",
    )
