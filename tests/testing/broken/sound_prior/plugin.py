"""Sound: averages neighbours a few times."""

from priorbench import PriorSpec, hookimpl


@hookimpl
def register_priors():
    yield PriorSpec(
        name="sound-prior",
        factory=".model:Model",
        summary="for a test",
    )
