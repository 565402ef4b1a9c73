"""Broken: it makes a model of NaN."""

from priorbench import PriorSpec, hookimpl


@hookimpl
def register_priors():
    yield PriorSpec(
        name="learns-from-nan",
        factory=".model:Model",
        summary="for a test",
        learns=True,
    )
