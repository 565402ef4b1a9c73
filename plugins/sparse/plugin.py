"""Sparse codes: patches with few coefficients in a learned dictionary."""

from __future__ import annotations

from collections.abc import Iterator

from priorbench import PriorSpec, Resources, SolverSettings, hookimpl

from .parameters import (
    AdaptedKSVDParameters,
    ConvolutionalParameters,
    KSVDParameters,
    SparseCodingParameters,
    SuperResolutionParameters,
)

SMALL = {"n_patches": 2000, "n_atoms": 64, "iterations": 3}
"""Parameters to check the priors with in seconds."""
GAINS = (1.05, 1.1, 1.15, 1.2)


@hookimpl
def register_priors() -> Iterator[PriorSpec]:
    """Yield ``ksvd``, ``ksvd-adapted``, ``sparse-coding``, ``csc`` and ``scsr``."""
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
            seconds_per_megapixel={"denoise": 8, "*": 30},
            training_seconds=40,
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
        solver=SolverSettings(),
        resources=Resources(
            memory_mb=1500,
            minutes=30,
            seconds_per_megapixel={"denoise": 50, "*": 900},
            training_seconds=40,
        ),
    )
    yield PriorSpec(
        name="sparse-coding",
        factory=".coding:SparseCoding",
        parameters=SparseCodingParameters,
        label="sparse coding",
        summary="patches with a code of small ℓ₁ norm in a dictionary learned from photographs",
        reference="doi:10.1137/S1064827596304010, doi:10.1145/1553374.1553463",
        small={"n_patches": 2000, "n_atoms": 64, "steps": 10},
        learns=True,
        tunable={"penalty": (1.3, 1.6, 1.9, 2.2)},
        solver=SolverSettings(),
        resources=Resources(
            memory_mb=1500,
            minutes=30,
            seconds_per_megapixel={"denoise": 80, "*": 700},
            training_seconds=30,
        ),
    )
    yield PriorSpec(
        name="csc",
        factory=".csc:ConvolutionalSparseCoding",
        parameters=ConvolutionalParameters,
        label="convolutional sparse coding",
        summary="an image is a sum of learned filters, each convolved with a sparse map",
        reference="doi:10.1109/CVPR.2010.5539957, doi:10.1109/TIP.2015.2495260",
        small={
            "filter_size": 5,
            "n_filters": 8,
            "tile_size": 24,
            "n_tiles": 200,
            "iterations": 10,
            "measure_every": 5,
            "steps": 15,
        },
        learns=True,
        tunable={"penalty": (2.0, 2.5, 3.0, 3.5)},
        solver=SolverSettings(),
        resources=Resources(
            memory_mb=1500,
            memory_mb_per_megapixel=6000,
            minutes=60,
            seconds_per_megapixel={"denoise": 350, "*": 3000},
            training_seconds=300,
        ),
    )
    yield PriorSpec(
        name="scsr",
        factory=".superresolution:CoupledSuperResolution",
        parameters=SuperResolutionParameters,
        label="ScSR",
        summary="two dictionaries with the same codes: what a small image shows, what it lacks",
        reference="doi:10.1109/TIP.2010.2050625, doi:10.1007/978-3-642-27413-8_47",
        small={"factors": (2, 3), "n_patches": 2000, "n_atoms": 64, "iterations": 3},
        learns=True,
        tasks=("sr*",),
        solver=SolverSettings(),
        resources=Resources(memory_mb=2000, seconds_per_megapixel=20, training_seconds=90),
    )
