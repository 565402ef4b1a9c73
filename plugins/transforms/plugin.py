"""Transforms: large coefficients are image, small ones are noise."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import Field

from priorbench import Parameters, PriorSpec, Resources, hookimpl

from .solvers import SLIDING_DCT


class DctParameters(Parameters):
    """Parameters of the sliding cosine transform."""

    size: int = Field(8, ge=2, le=64, description="side of a patch in pixels")
    threshold: float = Field(
        2.7, ge=0, description="coefficients below this multiple of σ are removed"
    )


class ShearletParameters(Parameters):
    """Parameters of the shearlets."""

    scales: int = Field(4, ge=1, le=8, description="octaves of frequency, split by direction")
    threshold: float = Field(
        2.8, ge=0, description="coefficients below this multiple of their noise are removed"
    )


@hookimpl
def register_priors() -> Iterator[PriorSpec]:
    """Yield two denoisers; defaults as README.md says."""
    yield PriorSpec(
        name="dct",
        factory=".dct:SlidingDct",
        parameters=DctParameters,
        label="sliding DCT",
        summary="few large cosine coefficients in each patch",
        reference="doi:10.5201/ipol.2011.ys-dct",
        tunable={"size": (6, 8, 12, 16), "threshold": (2.5, 2.7, 2.9, 3.1)},
        solver=SLIDING_DCT,
        resources=Resources(memory_mb=1500, seconds_per_megapixel={"denoise": 1, "*": 15}),
    )
    yield PriorSpec(
        name="shearlets",
        factory=".shearlets:Shearlets",
        parameters=ShearletParameters,
        label="shearlets",
        summary="few large coefficients in a tight frame of sheared wavelets",
        reference="arXiv:1202.1773",
        tunable={"scales": (3, 4, 5), "threshold": (2.4, 2.6, 2.8, 3.0)},
        resources=Resources(memory_mb=1500, seconds_per_megapixel={"denoise": 1, "*": 15}),
    )
