"""Broken: it declares inpainting and can not do it."""

from priorbench import PriorSpec, hookimpl


@hookimpl
def register_priors():
    yield PriorSpec(
        name="not-its-task",
        factory=".model:Model",
        summary="for a test",
        tasks=("denoise", "inpaint"),
    )
