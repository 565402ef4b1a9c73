"""Broken: log_prob returns a column."""

from priorbench import PriorSpec, hookimpl


@hookimpl
def register_priors():
    yield PriorSpec(
        name="wrong-shape-of-scores",
        factory=".model:Model",
        summary="for a test",
    )
