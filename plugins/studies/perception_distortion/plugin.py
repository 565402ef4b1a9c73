"""Is the best estimate natural?"""

from __future__ import annotations

from collections.abc import Iterator

from priorbench import Resources, StudySpec, hookimpl


@hookimpl
def register_studies() -> Iterator[StudySpec]:
    """Yield ``perception-distortion``."""
    yield StudySpec(
        name="perception-distortion",
        factory=".study:perception_distortion",
        summary="is the best estimate natural, and what does a natural one cost?",
        metrics=("psnr", "psnr-mean", "psnr-sample"),
        caption="Each prior's estimate, the mean of its samples and a sample: the PSNR against the "
        "distance of their patches from those of the clean image, as distributions. Better is to "
        "the right and below. A line leads from an estimate to the samples of the same prior.",
        resources=Resources(memory_mb=2000, minutes=60),
    )
