"""What is tuning worth?"""

from __future__ import annotations

from collections.abc import Iterator

from priorbench import Resources, StudySpec, hookimpl


@hookimpl
def register_studies() -> Iterator[StudySpec]:
    """Yield ``tuning``."""
    yield StudySpec(
        name="tuning",
        factory=".study:tuning",
        summary="what are parameters worth that were chosen on training images?",
        priors=("*",),
        metrics=("psnr",),
        caption="Mean PSNR of each tuned prior with its default parameters, with those that were "
        "chosen on training images for the task, and with those of the oracle: the same "
        "candidates, chosen on the test images themselves. The oracle is never ranked.",
        resources=Resources(threads=2, memory_mb=4000, minutes=240),
    )
