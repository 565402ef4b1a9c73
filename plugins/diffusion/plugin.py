"""A diffusion model, learned from photographs and from dead leaves alone."""

from __future__ import annotations

from collections.abc import Iterator

from priorbench import PriorSpec, Resources, hookimpl

from .parameters import DiffusionParameters

REFERENCE = "arXiv:2206.00364, arXiv:2006.11239"
SMALL = {
    "width": 8,
    "blocks": 1,
    "scales": 2,
    "tile_size": 32,
    "n_tiles": 200,
    "iterations": 30,
    "batch": 4,
    "measure_every": 10,
}
"""Parameters to check the priors with in seconds."""
RESOURCES = Resources(
    threads=2, seconds_per_megapixel={"denoise": 1.5, "*": 30}, training_seconds=1400
)


@hookimpl
def register_priors() -> Iterator[PriorSpec]:
    """Yield ``diffusion`` and ``diffusion-dead-leaves``."""
    yield PriorSpec(
        name="diffusion",
        factory=".model:Diffusion",
        summary="a denoising network for all levels of noise, as diffusion models have",
        reference=REFERENCE,
        parameters=DiffusionParameters,
        label="Diffusion",
        small=SMALL,
        learns=True,
        resources=RESOURCES,
    )
    yield PriorSpec(
        name="diffusion-dead-leaves",
        factory=".model:Diffusion",
        summary="the same, learned from dead leaves instead of photographs",
        reference=REFERENCE,
        parameters=DiffusionParameters,
        label="Diffusion, dead leaves",
        small=SMALL,
        learns=True,
        train_on="dead-leaves",
        resources=RESOURCES,
    )
