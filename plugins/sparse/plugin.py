"""Sparse codes: patches with few coefficients in a learned dictionary."""

from __future__ import annotations

from collections.abc import Iterator

from priorbench import PriorSpec, Resources, hookimpl

from .parameters import AdaptedKSVDParameters, KSVDParameters

SMALL = {"n_patches": 2000, "n_atoms": 64, "iterations": 3}
"""Parameters to check the priors with in seconds."""
GAINS = (1.05, 1.1, 1.15, 1.2)


@hookimpl
def register_priors() -> Iterator[PriorSpec]:
    """Yield ``ksvd`` and ``ksvd-adapted``."""
    yield PriorSpec(
        name="ksvd",
        factory=".model:KSVD",
        parameters=KSVDParameters,
        label="K-SVD",
        summary="patches with few coefficients in a dictionary that K-SVD learned from photographs",
        reference="doi:10.1109/TIP.2006.881969, doi:10.1109/TSP.2006.881199",
        small=SMALL,
        learns=True,
        tunable={"gain": GAINS},
        resources=Resources(
            memory_mb=1500,
            seconds_per_megapixel={"denoise": 8, "*": 150},
            training_seconds=80,
        ),
    )
    yield PriorSpec(
        name="ksvd-adapted",
        factory=".model:AdaptedKSVD",
        parameters=AdaptedKSVDParameters,
        label="K-SVD, adapted",
        summary="the same, the dictionary learning on from the noisy image",
        reference="doi:10.1109/TIP.2006.881969, doi:10.1109/TSP.2006.881199",
        small={**SMALL, "adaptations": 2, "adapted_patches": 2000},
        learns=True,
        tunable={"gain": GAINS},
        resources=Resources(
            memory_mb=1500,
            minutes=30,
            seconds_per_megapixel={"denoise": 50, "*": 900},
            training_seconds=80,
        ),
    )
