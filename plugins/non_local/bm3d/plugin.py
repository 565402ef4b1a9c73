"""Block matching and 3-D filtering (BM3D)."""

from __future__ import annotations

from collections.abc import Iterator

from priorbench import PriorSpec, Resources, SolverSettings, hookimpl


@hookimpl
def register_priors() -> Iterator[PriorSpec]:
    """Yield ``bm3d``."""
    yield PriorSpec(
        name="bm3d",
        factory=".model:BM3D",
        label="BM3D",
        summary="groups of similar patches are sparse in a transform",
        reference="doi:10.1109/TIP.2007.901238, doi:10.1109/ICIP.2007.4378954, "
        "doi:10.1109/TIP.2010.2052281",
        solver=SolverSettings(),
        resources=Resources(
            threads=2,
            memory_mb=1000,
            memory_mb_per_megapixel=1200,
            seconds_per_megapixel={"denoise": 8, "*": 60},
        ),
    )
