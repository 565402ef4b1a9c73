"""Groups of similar patches as matrices of low rank: the nuclear norm, weighted and not."""

from __future__ import annotations

from collections.abc import Iterator

from priorbench import PriorSpec, Resources, SolverSettings, hookimpl

from .parameters import NuclearNormParameters, WNNMParameters


@hookimpl
def register_priors() -> Iterator[PriorSpec]:
    """Yield ``wnnm`` and ``nuclear-norm``."""
    yield PriorSpec(
        name="wnnm",
        factory=".model:WNNM",
        parameters=WNNMParameters,
        label="WNNM",
        summary="groups of similar patches have low rank: the weighted nuclear norm",
        reference="doi:10.1109/CVPR.2014.366, doi:10.1007/s11263-016-0930-5",
        solver=SolverSettings(),
        small={"iterations": 2},
        resources=Resources(
            threads=2, memory_mb=1500, seconds_per_megapixel={"denoise": 500, "*": 4000}
        ),
    )
    yield PriorSpec(
        name="nuclear-norm",
        factory=".model:NuclearNorm",
        parameters=NuclearNormParameters,
        label="nuclear norm",
        summary="groups of similar patches have low rank: the nuclear norm",
        reference="doi:10.1137/080738970, doi:10.1109/CVPR.2014.366",
        solver=SolverSettings(),
        small={"iterations": 2},
        resources=Resources(
            threads=2, memory_mb=1500, seconds_per_megapixel={"denoise": 500, "*": 4000}
        ),
    )
