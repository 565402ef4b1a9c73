"""Sound: a Gaussian of patches of 2 × 2."""

from priorbench import PriorSpec, hookimpl


@hookimpl
def register_priors():
    yield PriorSpec(
        name="sound-patches",
        factory=".model:Model",
        summary="for a test",
    )
