"""A denoising network, learned from photographs and from dead leaves alone."""

from __future__ import annotations

from collections.abc import Iterator

from priorbench import PriorSpec, Resources, hookimpl

from .parameters import DnCNNParameters
from .solvers import DNCNN

SMALL = {
    "width": 8,
    "tile_size": 32,
    "n_tiles": 200,
    "iterations": 30,
    "batch": 4,
    "measure_every": 10,
}
"""Parameters to check the priors with in seconds."""


@hookimpl
def register_priors() -> Iterator[PriorSpec]:
    """Yield ``dncnn`` and ``dncnn-dead-leaves``."""
    yield PriorSpec(
        name="dncnn",
        factory=".model:DnCNN",
        summary="a small network trained to remove white noise, restored with plug-and-play",
        reference="doi:10.1109/TIP.2017.2662206, doi:10.1109/TPAMI.2021.3088914",
        parameters=DnCNNParameters,
        label="DnCNN",
        small=SMALL,
        learns=True,
        solver=DNCNN,
        resources=Resources(
            threads=2, seconds_per_megapixel={"denoise": 1.5, "*": 13}, training_seconds=1400
        ),
    )
    yield PriorSpec(
        name="dncnn-dead-leaves",
        factory=".model:DnCNN",
        summary="the same, learned from dead leaves instead of photographs",
        reference=(
            "Achddou, Gousseau & Ladjal, "
            "Synthetic images as a regularity prior for image restoration neural networks, "
            "SSVM 2021"
        ),
        parameters=DnCNNParameters,
        label="DnCNN, dead leaves",
        small=SMALL,
        learns=True,
        train_on="dead-leaves",
        solver=DNCNN,
        resources=Resources(
            threads=2, seconds_per_megapixel={"denoise": 1.5, "*": 13}, training_seconds=1900
        ),
    )
