"""The baseline: the observation itself."""

from __future__ import annotations

from collections.abc import Iterator

from priorbench import PriorSpec, Resources, SolverSettings, hookimpl


@hookimpl
def register_priors() -> Iterator[PriorSpec]:
    """Yield the baseline."""
    yield PriorSpec(
        name="observed",
        factory=".model:Observed",
        label="observation, interpolated",
        summary="the observation as an image, missing pixels interpolated: the floor",
        solver=SolverSettings(),
        resources=Resources(memory_mb=1000, seconds_per_megapixel=1),
        baseline=True,
    )
