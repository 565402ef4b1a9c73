"""Broken: it shifts the image that it is given."""

from priorbench import PriorSpec, hookimpl


@hookimpl
def register_priors():
    yield PriorSpec(
        name="changes-its-input",
        factory=".model:Model",
        summary="for a test",
    )
