"""Broken: it rounds the observation itself."""

from priorbench import PriorSpec, hookimpl


@hookimpl
def register_priors():
    yield PriorSpec(
        name="rounds-the-problem",
        factory=".model:Model",
        summary="for a test",
    )
