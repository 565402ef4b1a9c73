"""Broken: its data step ignores the observation."""

from priorbench import Parameters, TaskSpec, hookimpl


class SigmaParameters(Parameters):
    sigma: float = 10.0


@hookimpl
def register_tasks():
    yield TaskSpec(
        name="wrong-data-step",
        factory=".model:Model",
        summary="for a test",
        parameters=SigmaParameters,
    )
