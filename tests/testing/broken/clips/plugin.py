"""Broken: its operator clips."""

from priorbench import Parameters, TaskSpec, hookimpl


class SigmaParameters(Parameters):
    sigma: float = 10.0


@hookimpl
def register_tasks():
    yield TaskSpec(
        name="clips",
        factory=".model:Model",
        summary="for a test",
        parameters=SigmaParameters,
    )
