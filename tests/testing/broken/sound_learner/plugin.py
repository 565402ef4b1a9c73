"""Sound: learns the width of its filter from the contrast of images."""

from priorbench import PriorSpec, hookimpl


@hookimpl
def register_priors():
    yield PriorSpec(
        name="sound-learner",
        factory=".model:Model",
        summary="for a test",
        learns=True,
    )
