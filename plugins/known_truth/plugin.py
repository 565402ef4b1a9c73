"""Images whose posterior is known, and that posterior."""

from __future__ import annotations

from collections.abc import Iterator

from priorbench import DatasetSpec, PriorSpec, Resources, SolverSettings, hookimpl

from .parameters import ImagesParameters, LawParameters, images, origins, sizes


@hookimpl
def register_datasets() -> Iterator[DatasetSpec]:
    """Yield images drawn from a law."""
    yield DatasetSpec(
        name="known-law",
        factory=".data:load",
        images=images,
        sizes=sizes,
        origins=origins,
        parameters=ImagesParameters,
        summary="images drawn from a law whose posterior is known",
    )


@hookimpl
def register_priors() -> Iterator[PriorSpec]:
    """Yield the exact posterior."""
    yield PriorSpec(
        name="exact",
        factory=".exact:Exact",
        parameters=LawParameters,
        label="exact posterior",
        summary="the mean of the posterior, for images of a law that is known",
        solver=SolverSettings(),
        tasks=("denoise*", "inpaint*", "deblur*", "sr*"),
        resources=Resources(memory_mb=2000, seconds_per_megapixel=1000),
    )
