"""Broken: it compares images of different sizes."""

from priorbench import MetricSpec, hookimpl


@hookimpl
def register_metrics():
    yield MetricSpec(
        name="repeats-rows",
        factory=".model:Model",
        summary="for a test",
        higher_is_better=False,
    )
