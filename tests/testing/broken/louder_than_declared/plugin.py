"""Broken: the noise is twice as strong as σ."""

from priorbench import Parameters, TaskSpec, hookimpl


class SigmaParameters(Parameters):
    sigma: float = 10.0


@hookimpl
def register_tasks():
    yield TaskSpec(
        name="louder-than-declared",
        factory=".model:Model",
        summary="for a test",
        parameters=SigmaParameters,
    )
