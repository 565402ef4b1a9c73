"""Broken: a fit that is resumed draws other numbers."""

from priorbench import PriorSpec, hookimpl


@hookimpl
def register_priors():
    yield PriorSpec(
        name="forgets-its-draws",
        factory=".model:Model",
        summary="for a test",
        learns=True,
    )
