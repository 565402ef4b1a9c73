"""A generative adversarial network of tiles."""

from __future__ import annotations

from collections.abc import Iterator

from priorbench import PriorSpec, Resources, hookimpl

from .parameters import GANParameters


@hookimpl
def register_priors() -> Iterator[PriorSpec]:
    """Yield ``gan``."""
    yield PriorSpec(
        name="gan",
        factory=".model:GAN",
        parameters=GANParameters,
        label="GAN",
        summary="tiles of a generator that an adversary has trained, restored by latent search",
        reference="arXiv:1406.2661, arXiv:1511.06434, arXiv:1801.04406",
        small={
            "width": 4,
            "latent_size": 8,
            "search_steps": 10,
            "n_tiles": 500,
            "iterations": 10,
            "batch": 8,
            "measure_every": 5,
        },
        learns=True,
        resources=Resources(threads=2, seconds_per_megapixel=1800, training_seconds=500),
    )
