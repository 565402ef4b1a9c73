"""Sound: the mean PSNR of each prior."""

from priorbench import StudySpec, hookimpl


@hookimpl
def register_studies():
    yield StudySpec(
        name="sound-study",
        factory=".model:Model",
        summary="for a test",
        metrics=("psnr",),
    )
