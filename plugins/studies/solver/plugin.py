"""Does the solver decide the order of priors?"""

from __future__ import annotations

from collections.abc import Iterator

from priorbench import Resources, StudySpec, hookimpl


@hookimpl
def register_studies() -> Iterator[StudySpec]:
    """Yield ``solver``."""
    yield StudySpec(
        name="solver",
        factory=".study:solver",
        summary="does the order of priors depend on the solver?",
        priors=("*",),
        metrics=("psnr",),
        caption="Mean PSNR of each prior as it ran and with other settings of its splitting: "
        "three quarters of the steps, twice the steps, neither momentum nor a dual variable. "
        "Priors without a splitting have one mark.",
        resources=Resources(threads=2, memory_mb=4000, minutes=240),
    )
