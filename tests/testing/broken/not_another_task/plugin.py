"""Broken: a task that it does not declare is an error that says nothing."""

from priorbench import PriorSpec, hookimpl


@hookimpl
def register_priors():
    yield PriorSpec(
        name="not-another-task",
        factory=".model:Model",
        summary="for a test",
        tasks=("denoise",),
    )
