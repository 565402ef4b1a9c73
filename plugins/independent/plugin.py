"""The classical patch densities: coefficients that are independent."""

from __future__ import annotations

from collections.abc import Iterator

from priorbench import PriorSpec, Resources, SolverSettings, hookimpl

from .parameters import ICAParameters, IndependentParameters, PixelParameters

SMALL = {"n_patches": 2000, "iterations": 3, "patch_size": 4, "stride": 4}
"""Parameters to check the priors with in seconds."""


@hookimpl
def register_priors() -> Iterator[PriorSpec]:
    """Yield ``ind-pixel``, ``pca`` and ``ica``."""
    yield PriorSpec(
        name="ind-pixel",
        factory=".pixels:IndependentPixels",
        parameters=PixelParameters,
        label="Independent pixels",
        summary="8 × 8 patches of independent pixels with learned marginals, restored with EPLL",
        reference="doi:10.1109/ICCV.2011.6126278",
        small={**SMALL, "steps": 2},
        learns=True,
        solver=SolverSettings(),
        resources=Resources(threads=2, seconds_per_megapixel=5000, training_seconds=60),
    )
    yield PriorSpec(
        name="pca",
        factory=".principal:PrincipalComponents",
        parameters=IndependentParameters,
        label="PCA, learned marginals",
        summary="independent principal components of 8 × 8 patches with learned marginals, "
        "restored with EPLL",
        reference="doi:10.1109/ICCV.2011.6126278",
        small=SMALL,
        learns=True,
        solver=SolverSettings(),
        resources=Resources(threads=2, seconds_per_megapixel=2000, training_seconds=60),
    )
    yield PriorSpec(
        name="ica",
        factory=".ica:IndependentComponents",
        parameters=ICAParameters,
        label="ICA",
        summary="independent components of 8 × 8 patches by FastICA with learned marginals, "
        "restored with EPLL",
        reference="doi:10.1109/ICCV.2011.6126278, doi:10.1016/S0893-6080(00)00026-5",
        small={**SMALL, "steps": 2, "ica_patches": 1000, "ica_iterations": 20},
        learns=True,
        solver=SolverSettings(),
        resources=Resources(threads=2, seconds_per_megapixel=5000, training_seconds=120),
    )
