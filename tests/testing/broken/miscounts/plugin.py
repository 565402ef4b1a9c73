"""Broken: it counts more parameters than its model has."""

from priorbench import PriorSpec, hookimpl


@hookimpl
def register_priors():
    yield PriorSpec(
        name="miscounts",
        factory=".model:Model",
        summary="for a test",
        learns=True,
    )
