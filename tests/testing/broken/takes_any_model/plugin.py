"""Broken: it takes over whatever a model holds."""

from priorbench import PriorSpec, hookimpl


@hookimpl
def register_priors():
    yield PriorSpec(
        name="takes-any-model",
        factory=".model:Model",
        summary="for a test",
        learns=True,
    )
