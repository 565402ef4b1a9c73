"""Broken: a file that is cut off gives a model of its own."""

from priorbench import PriorSpec, hookimpl


@hookimpl
def register_priors():
    yield PriorSpec(
        name="takes-half-a-file",
        factory=".model:Model",
        summary="for a test",
        learns=True,
    )
