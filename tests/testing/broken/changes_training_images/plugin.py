"""Broken: it changes its training images."""

from priorbench import PriorSpec, hookimpl


@hookimpl
def register_priors():
    yield PriorSpec(
        name="changes-training-images",
        factory=".model:Model",
        summary="for a test",
        learns=True,
    )
