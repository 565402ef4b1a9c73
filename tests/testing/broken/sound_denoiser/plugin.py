"""Sound: a Gaussian filter that is as wide as the noise is strong."""

from priorbench import PriorSpec, hookimpl


@hookimpl
def register_priors():
    yield PriorSpec(
        name="sound-denoiser",
        factory=".model:Model",
        summary="for a test",
    )
