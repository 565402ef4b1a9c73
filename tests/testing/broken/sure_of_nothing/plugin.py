"""Broken: it decides without any results."""

from priorbench import StudySpec, hookimpl


@hookimpl
def register_studies():
    yield StudySpec(
        name="sure-of-nothing",
        factory=".model:Model",
        summary="for a test",
        metrics=("psnr",),
    )
