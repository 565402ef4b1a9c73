"""Variational autoencoders: of tiles, learned from photographs or dead leaves, and of patches."""

from __future__ import annotations

from collections.abc import Iterator

from priorbench import PriorSpec, Resources, SolverSettings, hookimpl

from .parameters import PatchVAEParameters, VAEParameters

REFERENCE = "arXiv:1312.6114, doi:10.1137/21M140225X"
SMALL = {"width": 16, "n_tiles": 200, "iterations": 5, "batch": 4, "measure_every": 5}
"""Parameters to check the priors with in seconds."""


@hookimpl
def register_priors() -> Iterator[PriorSpec]:
    """Yield ``vae``, ``vae-dead-leaves`` and ``vae-patch``."""
    yield PriorSpec(
        name="vae",
        factory=".images:VAE",
        summary="variational autoencoder of overlapping tiles, restored by joint MAP",
        reference=REFERENCE,
        parameters=VAEParameters,
        label="VAE",
        small=SMALL,
        learns=True,
        solver=SolverSettings(),
        resources=Resources(
            threads=2, seconds_per_megapixel={"denoise": 25, "*": 60}, training_seconds=280
        ),
    )
    yield PriorSpec(
        name="vae-dead-leaves",
        factory=".images:VAE",
        summary="the same, learned from dead leaves instead of photographs",
        reference=REFERENCE,
        parameters=VAEParameters,
        label="VAE, dead leaves",
        small=SMALL,
        learns=True,
        train_on="dead-leaves",
        solver=SolverSettings(),
        resources=Resources(
            threads=2, seconds_per_megapixel={"denoise": 25, "*": 60}, training_seconds=300
        ),
    )
    yield PriorSpec(
        name="vae-patch",
        factory=".patches:PatchVAE",
        summary="variational autoencoder of 8 × 8 patches, restored with EPLL",
        reference="arXiv:1312.6114, arXiv:1509.00519",
        parameters=PatchVAEParameters,
        label="VAE of patches",
        small={
            "width": 16,
            "n_tiles": 1000,
            "samples": 4,
            "iterations": 5,
            "batch": 32,
            "measure_every": 5,
            "stride": 4,
        },
        learns=True,
        solver=SolverSettings(),
        resources=Resources(threads=2, seconds_per_megapixel=700, training_seconds=350),
    )
