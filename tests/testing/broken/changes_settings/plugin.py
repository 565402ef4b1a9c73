"""Broken: numpy raises errors from then on."""

from priorbench import PriorSpec, hookimpl


@hookimpl
def register_priors():
    yield PriorSpec(
        name="changes-settings",
        factory=".model:Model",
        summary="for a test",
    )
