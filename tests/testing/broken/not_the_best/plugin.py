"""Broken: it takes the noise for four times as strong."""

from priorbench import PriorSpec, hookimpl


@hookimpl
def register_priors():
    yield PriorSpec(
        name="not-the-best",
        factory=".model:Model",
        summary="for a test",
    )
