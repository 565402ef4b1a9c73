"""What the Deep Image Prior fits first, when it should stop, and what its architecture decides."""

from __future__ import annotations

from collections.abc import Iterator

from priorbench import Resources, StudySpec, hookimpl

REFERENCE = "arXiv:1711.10925"


@hookimpl
def register_studies() -> Iterator[StudySpec]:
    """Yield ``dip-dynamics``."""
    yield StudySpec(
        name="dip-dynamics",
        factory=".study:dynamics",
        summary="what is fitted first, where the stopping rules land, and what the architecture "
        "decides",
        reference=REFERENCE,
        priors=("dip*",),
        tasks=(),
        metrics=(),
        caption="The centre of the first test image, in gray. Above: loss while the image, the "
        "same with noise of σ = 25, its shuffled pixels and uniform noise are fitted; PSNR and "
        "loss while the noisy image is fitted, and the estimate that each stopping rule picks on "
        "this one trajectory, with 5 % of the pixels held out (the peak needs the clean image and "
        "is used for no score). Second row: relative error against the clean image in bands of "
        "frequencies, dashed at one half, and PSNR of averages of runs, a dot for each subset. "
        "Third row: PSNR of the estimate that the held-out rule picks, by architecture; ticks are "
        "single runs, dots their means; no prior is the observation with the mean in place of "
        "missing pixels. Below: outputs of untrained networks for a z of noise, each on its own "
        "gray scale.",
        resources=Resources(threads=2, memory_mb=4000, minutes=120),
    )
