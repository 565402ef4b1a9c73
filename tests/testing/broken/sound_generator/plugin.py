"""Sound: tiles that are sums of three smooth functions."""

from priorbench import PriorSpec, hookimpl


@hookimpl
def register_priors():
    yield PriorSpec(
        name="sound-generator",
        factory=".model:Model",
        summary="for a test",
    )
