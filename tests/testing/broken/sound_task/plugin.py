"""Sound: every pixel is a mean of itself and its right neighbour, with noise."""

from priorbench import Parameters, TaskSpec, hookimpl


class SigmaParameters(Parameters):
    sigma: float = 10.0


@hookimpl
def register_tasks():
    yield TaskSpec(
        name="sound-task",
        factory=".model:Model",
        summary="for a test",
        parameters=SigmaParameters,
    )
