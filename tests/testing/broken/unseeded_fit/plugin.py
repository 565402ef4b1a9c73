"""Broken: its fit draws from a generator without a seed."""

from priorbench import PriorSpec, hookimpl


@hookimpl
def register_priors():
    yield PriorSpec(
        name="unseeded-fit",
        factory=".model:Model",
        summary="for a test",
        learns=True,
    )
