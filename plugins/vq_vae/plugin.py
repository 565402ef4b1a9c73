"""A vector-quantised autoencoder of tiles, with a PixelCNN over its codes."""

from __future__ import annotations

from collections.abc import Iterator

from priorbench import PriorSpec, Resources, SolverSettings, hookimpl

from .parameters import VQVAEParameters


@hookimpl
def register_priors() -> Iterator[PriorSpec]:
    """Yield ``vq-vae``."""
    yield PriorSpec(
        name="vq-vae",
        factory=".model:VQVAE",
        parameters=VQVAEParameters,
        label="VQ-VAE",
        summary="autoencoder of tiles with a codebook, a PixelCNN over its codes, and EPLL",
        reference="arXiv:1711.00937",
        small={
            "tile_size": 8,
            "stride": 4,
            "entries": 16,
            "code_size": 4,
            "width": 8,
            "depth": 1,
            "codes_width": 8,
            "codes_layers": 1,
            "n_tiles": 1000,
            "iterations": 20,
            "batch": 16,
            "measure_every": 10,
        },
        learns=True,
        solver=SolverSettings(),
        resources=Resources(
            threads=2, seconds_per_megapixel={"denoise": 75, "*": 200}, training_seconds=400
        ),
    )
