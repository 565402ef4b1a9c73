"""How much better could a prior be?"""

from __future__ import annotations

from collections.abc import Iterator

from priorbench import Resources, StudySpec, hookimpl


@hookimpl
def register_studies() -> Iterator[StudySpec]:
    """Yield ``bounds``."""
    yield StudySpec(
        name="bounds",
        factory=".study:bounds",
        summary="how much better could a prior denoise?",
        reference="doi:10.1109/CVPR.2011.5995309, doi:10.1093/biomet/81.3.425",
        priors=("*",),
        metrics=("psnr",),
        caption="PSNR that no estimate of a pixel from the window around it can exceed, and PSNR "
        "that one reaches, by the nearest neighbours of windows among those of the training "
        "images; hollow marks where fewer than nine in ten windows have neighbours. Lines: the "
        "best prior, and the clairvoyant Wiener filter, which knows the clean image. Bounds are "
        "not ranked.",
        resources=Resources(memory_mb=3000, minutes=60),
    )
