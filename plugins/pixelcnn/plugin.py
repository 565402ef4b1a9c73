"""A PixelCNN of patches."""

from __future__ import annotations

from collections.abc import Iterator

from priorbench import PriorSpec, Resources, SolverSettings, hookimpl

from .parameters import PixelCNNParameters


@hookimpl
def register_priors() -> Iterator[PriorSpec]:
    """Yield ``pixelcnn``."""
    yield PriorSpec(
        name="pixelcnn",
        factory=".model:PixelCNN",
        parameters=PixelCNNParameters,
        label="PixelCNN",
        summary="8 × 8 patches one pixel after the other, restored with EPLL",
        reference="arXiv:1606.05328, arXiv:1701.05517",
        small={
            "patch_size": 4,
            "stride": 4,
            "width": 8,
            "layers": 2,
            "components": 2,
            "steps": 2,
            "n_tiles": 1000,
            "iterations": 20,
            "batch": 32,
            "measure_every": 10,
        },
        learns=True,
        solver=SolverSettings(),
        resources=Resources(threads=2, seconds_per_megapixel=6000, training_seconds=620),
    )
