"""Broken: it declares less memory than torch alone takes."""

from priorbench import PriorSpec, Resources, hookimpl


@hookimpl
def register_priors():
    yield PriorSpec(
        name="too-little-memory",
        factory=".model:Model",
        summary="for a test",
        resources=Resources(memory_mb=1),
    )
