"""Broken: its adjoint is its operator."""

from priorbench import Parameters, TaskSpec, hookimpl


class SigmaParameters(Parameters):
    sigma: float = 10.0


@hookimpl
def register_tasks():
    yield TaskSpec(
        name="wrong-adjoint",
        factory=".model:Model",
        summary="for a test",
        parameters=SigmaParameters,
    )
