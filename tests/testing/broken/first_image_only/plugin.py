"""Broken: of several images it denoises the first alone."""

from priorbench import PriorSpec, hookimpl


@hookimpl
def register_priors():
    yield PriorSpec(
        name="first-image-only",
        factory=".model:Model",
        summary="for a test",
    )
