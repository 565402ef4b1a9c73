"""Broken: other figures have its size of text."""

from priorbench import StudySpec, hookimpl


@hookimpl
def register_studies():
    yield StudySpec(
        name="changes-plots",
        factory=".model:Model",
        summary="for a test",
        metrics=("psnr",),
    )
