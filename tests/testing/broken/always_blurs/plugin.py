"""Broken: it blurs where there is no noise."""

from priorbench import PriorSpec, hookimpl


@hookimpl
def register_priors():
    yield PriorSpec(
        name="always-blurs",
        factory=".model:Model",
        summary="for a test",
    )
