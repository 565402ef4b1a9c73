"""Broken: it changes the rows that it is given."""

from priorbench import StudySpec, hookimpl


@hookimpl
def register_studies():
    yield StudySpec(
        name="changes-rows",
        factory=".model:Model",
        summary="for a test",
        metrics=("psnr",),
    )
