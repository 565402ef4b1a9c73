"""Groups of similar patches as matrices of low rank: the nuclear norm, weighted and not."""

from __future__ import annotations

from collections.abc import Iterator

from priorbench import PriorSpec, Resources, SolverSettings, hookimpl

from .parameters import NuclearNormParameters, WNNMParameters

RESOURCES = Resources(
    threads=2,
    memory_mb=1000,
    memory_mb_per_megapixel=1500,
    minutes=60,
    seconds_per_megapixel={"denoise": 120, "*": 1500},
)


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
        resources=RESOURCES,
    )
    yield PriorSpec(
        name="nuclear-norm",
        factory=".model:NuclearNorm",
        parameters=NuclearNormParameters,
        label="nuclear norm",
        summary="groups of similar patches have low rank: the nuclear norm",
        reference="doi:10.1137/080738970, doi:10.1109/CVPR.2014.366",
        tunable={"strength": (0.15, 0.2, 0.25, 0.3)},
        solver=SolverSettings(),
        small={"iterations": 2},
        resources=RESOURCES,
    )
