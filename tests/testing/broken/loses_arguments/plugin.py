"""Broken: a loaded operator has the default weight."""

from priorbench import Parameters, TaskSpec, hookimpl


class SigmaParameters(Parameters):
    sigma: float = 10.0


@hookimpl
def register_tasks():
    yield TaskSpec(
        name="loses-arguments",
        factory=".model:Model",
        summary="for a test",
        parameters=SigmaParameters,
    )
