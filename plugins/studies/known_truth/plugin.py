"""How far is each prior from the best possible estimate?"""

from __future__ import annotations

from collections.abc import Iterator

from priorbench import Resources, StudySpec, hookimpl


@hookimpl
def register_studies() -> Iterator[StudySpec]:
    """Yield ``known-truth``."""
    yield StudySpec(
        name="known-truth",
        factory=".study:known_truth",
        summary="how far is each prior from the exact posterior, on images of a known law?",
        priors=("exact*",),
        other_priors=("*",),
        metrics=("psnr", "psnr-mean", "coverage"),
        caption="Images that are drawn from a law whose posterior is known. On the left how far "
        "the PSNR of each prior, fitted to other images of the law, lies below that of the exact "
        "posterior mean, with intervals of 95 % over images; on the right the share of pixels "
        "within the interval of 90 % of a prior's own samples.",
        resources=Resources(memory_mb=1000, minutes=10),
    )
