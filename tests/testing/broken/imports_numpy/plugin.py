"""Broken: the file that registers it imports numpy."""

import numpy  # noqa: F401

from priorbench import PriorSpec, hookimpl


@hookimpl
def register_priors():
    yield PriorSpec(
        name="imports-numpy",
        factory=".model:Model",
        summary="for a test",
    )
