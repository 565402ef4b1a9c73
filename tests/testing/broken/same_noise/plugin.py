"""Broken: all images have the same noise."""

from priorbench import Parameters, TaskSpec, hookimpl


class SigmaParameters(Parameters):
    sigma: float = 10.0


@hookimpl
def register_tasks():
    yield TaskSpec(
        name="same-noise",
        factory=".model:Model",
        summary="for a test",
        parameters=SigmaParameters,
    )
