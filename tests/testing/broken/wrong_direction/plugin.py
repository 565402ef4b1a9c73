"""Broken: its record says that a larger error is better."""

from priorbench import MetricSpec, hookimpl


@hookimpl
def register_metrics():
    yield MetricSpec(
        name="wrong-direction",
        factory=".model:Model",
        summary="for a test",
    )
