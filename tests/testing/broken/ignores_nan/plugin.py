"""Broken: it leaves out pixels that are NaN."""

from priorbench import MetricSpec, hookimpl


@hookimpl
def register_metrics():
    yield MetricSpec(
        name="ignores-nan",
        factory=".model:Model",
        summary="for a test",
        higher_is_better=False,
    )
