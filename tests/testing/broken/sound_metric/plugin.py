"""Sound: the mean absolute error."""

from priorbench import MetricSpec, hookimpl


@hookimpl
def register_metrics():
    yield MetricSpec(
        name="sound-metric",
        factory=".model:Model",
        summary="for a test",
        higher_is_better=False,
    )
