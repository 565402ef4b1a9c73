"""Broken: it smooths where there is no noise."""

from priorbench import PriorSpec, hookimpl


@hookimpl
def register_priors():
    yield PriorSpec(
        name="smooths-clean-patches",
        factory=".model:Model",
        summary="for a test",
    )
