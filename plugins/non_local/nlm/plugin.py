"""Non-local means: an image repeats itself nearby."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import Field

from priorbench import Parameters, PriorSpec, Resources, hookimpl

from .solvers import NON_LOCAL_MEANS


class NonLocalMeansParameters(Parameters):
    """Parameters of non-local means."""

    h: float = Field(
        0.6, gt=0, description="filtering parameter as a multiple of σ; larger is smoother"
    )
    patch_size: int = Field(7, ge=1, description="side of the patches that are compared, in pixels")
    patch_distance: int = Field(
        9, ge=1, description="how far away a similar patch is looked for, in pixels"
    )


@hookimpl
def register_priors() -> Iterator[PriorSpec]:
    """Yield one denoiser; defaults as README.md says."""
    yield PriorSpec(
        name="nlm",
        factory=".model:NonLocalMeans",
        parameters=NonLocalMeansParameters,
        label="non-local means",
        summary="each pixel is the mean of pixels in similar patches",
        reference="doi:10.1109/CVPR.2005.38",
        tunable={"h": (0.3, 0.45, 0.6, 0.8, 1.1)},
        solver=NON_LOCAL_MEANS,
        resources=Resources(memory_mb=1500, seconds_per_megapixel={"denoise": 3, "*": 25}),
    )
