"""Broken: it takes its mean from all images together."""

from priorbench import PriorSpec, hookimpl


@hookimpl
def register_priors():
    yield PriorSpec(
        name="mean-of-the-batch",
        factory=".model:Model",
        summary="for a test",
    )
